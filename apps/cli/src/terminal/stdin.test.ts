// Standard input as shells, scripts and other programs leave it, and the keys of who waits.
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const command = fileURLToPath(new URL('../../bin/patchbay.js', import.meta.url))
const echo = fileURLToPath(new URL('../../test/echo.json', import.meta.url))
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

it('a pipe that stays silent is left out after a while, and that is said; one that has begun, or --stdin, is waited for', async () => {
  const begun = start(['ask', '-c', echo, 'What is the'])
  begun.child.stdin.write('capital ')
  const patient = start(['ask', '-c', echo, '--stdin', 'What is the'])
  await begun.says('Is there more on standard input?')
  await patient.says('Reading standard input until it ends.')
  // It starts later than both, and gives up first.
  const silent = start(['ask', '-c', echo, 'What is the capital of France?'])
  expect(await silent.ended).toBe(0)
  expect(silent.shown.out).toBe('What is the capital of France?\n')
  expect(silent.shown.err).toContain(
    'Nothing came on standard input, so it is left out. --stdin waits until it ends.',
  )
  begun.child.stdin.end('of Spain?')
  patient.child.stdin.end('capital of Peru?')
  expect([await begun.ended, begun.shown.out]).toEqual([0, 'What is the\n\ncapital of Spain?\n'])
  expect([await patient.ended, patient.shown.out]).toEqual([0, 'What is the\n\ncapital of Peru?\n'])
})

it('--no-stdin waits for no pipe', async () => {
  const { child, ended, shown } = start(['ask', '-c', echo, '--no-stdin', 'Hi'])
  child.stdin.write('Say nothing.')
  expect(await ended).toBe(0)
  expect(shown).toEqual({ out: 'Hi\n', err: '' })
})

it('the first Ctrl-C ends a command that waits for standard input', async () => {
  const waiting = [['ask', '--stdin', 'hi'], ['ask'], ['compare', '--stdin', 'hi']].map(start)
  for (const { child, ended, says } of waiting) {
    await says('Reading standard input until it ends.')
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  }
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
    expect(stripVTControlCharacters(terminal)).toContain('a␛]0;title␇␛[2Jb<9b>31m')
  },
)
