// Servers that listen on a port, as on Windows: each one takes a free port itself, so no other program can have it.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { alive, temporaryFolder } from '../../../../test/fixtures.js'
import { writeRandomModel } from '../../../../test/random-model.js'
import { ServerProcess } from './server-process.js'

const fake = fileURLToPath(new URL('../../../../test/fake-llama-server.mjs', import.meta.url))
const real = process.env.PATCHBAY_LLAMA_SERVER

async function start(
  program: string,
  args: string[],
): Promise<{ server: ServerProcess; log: string[]; build: () => Promise<unknown> }> {
  const log: string[] = []
  const server = await ServerProcess.start(program, args, { onLog: (line) => log.push(line) }, 'port')
  onTestFinished(() => server.stop())
  return { server, log, build: () => server.client.json('/props') }
}

describe('a server that listens on a port', () => {
  it('tells which one it took, however many take one at the same time', async () => {
    // A program that would answer for any of them.
    const stranger = createServer((_, response) => response.end('{"build_info":"a stranger"}'))
    await new Promise((resolve) => stranger.listen(0, '127.0.0.1', () => resolve(undefined)))
    onTestFinished(() => void stranger.close())
    const started = await Promise.all(Array.from({ length: 6 }, () => start(fake, [])))
    const answers = await Promise.all(started.map(({ build }) => build()))
    for (const [index, { server }] of started.entries())
      expect(answers[index]).toMatchObject({ build_info: `fake ${server.pid}` })
    const ports = started.map(({ log }) => /127\.0\.0\.1:(\d+)/.exec(log.join('\n'))?.[1])
    expect(new Set(ports).size).toBe(6)
    await Promise.all(started.map(({ server }) => server.stop()))
    for (const { server } of started) expect(alive(server.pid as number)).toBe(false)
  })

  it('that does not load is an error with its words', async () => {
    await expect(start(fake, ['--fake', 'refuses'])).rejects.toThrow(/while loading.*wrong tensor shape/)
  })

  it.skipIf(real === undefined)(
    `answers only those who know its key${real === undefined ? ' (skipped: set PATCHBAY_LLAMA_SERVER)' : ''}`,
    async () => {
      const model = writeRandomModel(join(temporaryFolder(), 'random.gguf'))
      const { log, build } = await start(real as string, ['--model', model, '--no-webui', '--offline'])
      expect(await build()).toMatchObject({ model_path: model })
      const port = /127\.0\.0\.1:(\d+)/.exec(log.join('\n'))?.[1]
      expect((await fetch(`http://127.0.0.1:${port}/props`)).status).toBe(401)
    },
  )
})
