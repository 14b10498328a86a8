// Standard input as shells, scripts and other programs leave it, and the keys of who waits.
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const command = fileURLToPath(new URL('../bin/patchbay.js', import.meta.url))
const env = { ...process.env, XDG_CONFIG_HOME: '/nonexistent', PATCHBAY_PROVIDER: '' }

function start(args: string[]) {
  const child = spawn(process.execPath, [command, ...args], { env, cwd: tmpdir() })
  onTestFinished(() => void child.kill('SIGKILL'))
  const shown = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    shown.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    shown.err += chunk
  })
  const ended = new Promise<number | string>((resolve) =>
    child.on('close', (code, signal) => resolve(signal ?? code ?? '')),
  )
  /** When this stands on standard error. */
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => shown.err.includes(text) && resolve()
      child.stderr.on('data', look)
      look()
    })
  return { child, ended, shown, says }
}

it('a question is asked although its pipe stays open and silent, and that is said', async () => {
  const { ended, shown } = start(['ask', 'What is the capital of France?'])
  expect(await ended).toBe(0)
  expect(shown.out).toBe('The capital of France is Paris.\n')
  expect(shown.err).toContain(
    'Nothing came on standard input, so it is left out. --stdin waits until it ends.',
  )
})

it('what is piped in slowly is waited for as soon as it has begun', async () => {
  const { child, ended, shown, says } = start(['ask', 'What is the'])
  child.stdin.write('capital ')
  await says('Is there more on standard input?')
  // Longer than a pipe that stays silent is waited for.
  await new Promise((resolve) => setTimeout(resolve, 3500))
  child.stdin.end('of Spain?')
  expect(await ended).toBe(0)
  expect(shown.out).toContain('Madrid')
})

it('--stdin waits for a pipe that is silent at first, --no-stdin for none', async () => {
  const waiting = start(['ask', '--stdin', 'What is the'])
  await waiting.says('Reading standard input until it ends.')
  await new Promise((resolve) => setTimeout(resolve, 3500))
  waiting.child.stdin.end('capital of Spain?')
  expect(await waiting.ended).toBe(0)
  expect(waiting.shown.out).toContain('Madrid')

  const { child, ended, shown } = start(['ask', '--no-stdin', 'What is the capital of France?'])
  child.stdin.write('Say nothing.')
  expect(await ended).toBe(0)
  expect(shown).toEqual({ out: 'The capital of France is Paris.\n', err: '' })
})

it.each([
  ['ask', ['ask', '--stdin', 'hi']],
  ['ask without a question', ['ask']],
  ['compare', ['compare', '--stdin', 'hi']],
])('the first Ctrl-C ends a %s that waits for standard input', async (_, args) => {
  const { child, ended, says } = start(args)
  await says('Reading standard input until it ends.')
  child.kill('SIGINT')
  expect(await ended).toBe(130)
})

// `script` of util-linux gives a command a terminal of its own.
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux')
if (!hasScript)
  process.stdout.write('Skipped: control characters on a terminal. It needs `script` of util-linux.\n')

it.skipIf(!hasScript)(
  'control characters of an answer do not reach a terminal, and do reach a pipe',
  async () => {
    const text = 'a\x1b]0;title\x07\x1b[2Jb\x9b31m'
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/event-stream')
      const chunk = (choice: object) => `data: ${JSON.stringify({ id: 'c', choices: [choice] })}\n\n`
      response.end(
        `${chunk({ index: 0, delta: { content: text } })}${chunk({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`,
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const config = JSON.stringify({
      providers: {
        far: {
          use: 'openai',
          model: 'm',
          apiKey: 'k',
          baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        },
      },
    })
    const { mkdtempSync, writeFileSync } = await import('node:fs')
    const folder = mkdtempSync(`${tmpdir()}/patchbay-terminal-`)
    writeFileSync(`${folder}/patchbay.config.json`, config)
    const run = (name: string, args: string[]) =>
      new Promise<string>((resolve) => {
        const child = spawn(name, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
        let out = ''
        child.stdout.on('data', (chunk) => {
          out += chunk
        })
        child.on('close', () => resolve(out))
      })
    expect(await run(process.execPath, [command, 'ask', 'x'])).toBe(`${text}\n`)
    const terminal = await run('script', ['-qec', `${process.execPath} ${command} ask x`, '/dev/null'])
    expect(terminal).toContain('a␛]0;title␇␛[2Jb<9b>31m')
  },
)
