// The worker as a process: it does the calls of the command in another process, finishes what it has begun, and says what is wrong.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { queue } from '@patchbay/queue'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePort, hasRedis, type Redis, startRedis } from '../../../../packages/policies/test/redis.js'

const command = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const env = { ...process.env, XDG_CONFIG_HOME: '/nonexistent', PATCHBAY_PROVIDER: '' }

async function started(name: string, url: string) {
  const child = spawn(process.execPath, [command, 'worker', name, '--redis', url, '--concurrency', '2'], {
    cwd: tmpdir(),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, ended, line }
}

describe.skipIf(!hasRedis)('patchbay worker', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  it('says when it works, answers the command of another process, and finishes what it has begun', async () => {
    const worker = await started('answers', redis.url)
    expect(worker.line).toBe('working on answers')
    const asked = spawn(
      process.execPath,
      [command, 'ask', '--no-stdin', '-p', 'queue:answers', 'What is the capital of France?'],
      {
        cwd: tmpdir(),
        env: { ...env, REDIS_URL: redis.url },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let answer = ''
    asked.stdout.on('data', (chunk) => {
      answer += chunk
    })
    await once(asked, 'exit')
    expect(answer).toContain('Paris')

    const llm = queue('answers', { redis: redis.url })
    onTestFinished(() => llm.close())
    let text = ''
    for await (const delta of llm.stream('Count from 1 to 12.').text) {
      if (text === '') worker.child.kill('SIGINT')
      text += delta
    }
    expect(text).toContain('12')
    expect((await worker.ended)[0]).toBe(0)
  })
})

it('without a Redis, it says so', async () => {
  const port = await freePort()
  const { status, stderr } = spawnSync(
    process.execPath,
    [command, 'worker', 'x', '--redis', `redis://:secret@127.0.0.1:${port}`],
    { cwd: tmpdir(), env, encoding: 'utf8' },
  )
  expect(status).toBe(4)
  expect(stderr).toContain(`The Redis at 127.0.0.1:${port} cannot be used`)
  expect(stderr).not.toContain('secret')
})
