// The command as a user has it: a process, its standard streams, its exit code.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { writeRandomModel } from '../../../packages/local/test/random-model.js'

const command = fileURLToPath(new URL('../dist/index.js', import.meta.url))
/** A configuration whose model says the question again: what the local one would answer is not what these tests are about. */
const echo = fileURLToPath(new URL('../test/echo.json', import.meta.url))

interface Outcome {
  code: number | string
  out: string
  err: string
}

// Without a configuration of whoever runs the tests.
const nobodys = {
  XDG_CONFIG_HOME: '/nonexistent',
  PATCHBAY_PROVIDER: '',
  ANTHROPIC_API_KEY: '',
  OPENAI_API_KEY: '',
  OLLAMA_HOST: 'http://127.0.0.1:9',
}

function start(args: string[], env: NodeJS.ProcessEnv = {}, cwd = tmpdir()) {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, ...nobodys, ...env },
    cwd,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const ended = new Promise<Outcome>((resolve) =>
    child.on('close', (code, signal) => resolve({ code: signal ?? code ?? '', out, err })),
  )
  return { child, ended, out: () => out, err: () => err }
}

function patchbay(args: string[], stdin = ''): Promise<Outcome> {
  const { child, ended } = start(args)
  child.stdin.end(stdin)
  return ended
}

/** Resolves when the condition holds; fails with its text after 20 seconds. */
async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition(), String(condition)).toBe(true), { timeout: 20_000, interval: 5 })
}

it.each([
  ['18.20.8', 1],
  ['20.18.3', 1],
  ['20.19.0', 0],
  ['24.1.0', 0],
])('on Node %s the command ends with %i, and a Node that is too old is named', async (version, code) => {
  const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  const bin = fileURLToPath(new URL('../bin/patchbay.js', import.meta.url))
  const child = spawn(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(preload)}`,
    bin,
    '--version',
  ])
  let err = ''
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [ended] = await once(child, 'close')
  expect([ended, err]).toEqual([code, code === 0 ? '' : expect.stringContaining(`this is ${version}`)])
})

describe('patchbay ask', () => {
  it('answers on standard output, and nothing else', async () => {
    expect(await patchbay(['ask', 'What is the capital of France?'])).toEqual({
      code: 0,
      out: 'The capital of France is Paris.\n',
      err: '',
    })
  })

  it('heeds its flags, and says with --stats which model answered, and how fast', async () => {
    const { out, err } = await patchbay(['ask', '--stats', '--max-tokens', '3', 'Count', 'to', '12.'])
    expect(out.length).toBeLessThan(12)
    expect(err).toMatch(
      /^The answer was cut off.*\npico \(local\) · 3 tokens · \d+ tokens\/s · first token after \d+ ms\n$/,
    )
  })

  it('takes standard input after the question, or instead of it', async () => {
    const asked = patchbay(['ask', '-c', echo, 'What is the'], 'capital of Spain?\n')
    const piped = patchbay(['ask', '-c', echo], 'What is the capital of Peru?')
    expect((await asked).out).toBe('What is the\n\ncapital of Spain?\n')
    expect((await piped).out).toBe('What is the capital of Peru?\n')
  })

  it('gives one event a line with --json', async () => {
    const { code, out } = await patchbay(['ask', '--json', '-c', echo, 'Say this.'])
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(events).toMatchObject([
      { type: 'start', provider: 'echo', model: 'echo-1' },
      { type: 'text', text: 'Say this.' },
      { type: 'finish', response: { text: 'Say this.' } },
    ])
  })

  it.each<[string, string[], number, RegExp]>([
    ['no question', ['ask'], 2, /^Ask something: /],
    [
      'a model that is not there',
      ['ask', '-m', './nothing.gguf', 'hi'],
      4,
      /^model-load: .*nothing\.gguf does not exist/,
    ],
    ['a wrong number', ['ask', '-t', '-1', 'hi'], 3, /^invalid-request: temperature/],
    ['no number', ['ask', '-t', 'warm', 'hi'], 2, /Not a number/],
    ['an unknown flag', ['ask', '--loud', 'hi'], 2, /unknown option/],
    ['an unknown command', ['sing'], 2, /unknown command/],
    ['too little time', ['ask', '--timeout', '0.01', 'hi'], 5, /^timeout: /],
  ])('tells %s by its exit code and one line', async (_, args, code, message) => {
    const outcome = await patchbay(args)
    expect(outcome).toMatchObject({ code, out: '' })
    expect(outcome.err).toMatch(message)
  })

  it('takes images, and tells at once of a file that is none', async () => {
    const file = fileURLToPath(new URL('../../../docs/public/page.png', import.meta.url))
    const [sent, missing, text] = await Promise.all(
      [file, './nothing.png', echo].map((image) => patchbay(['ask', '--image', image, 'What is this?'])),
    )
    // The bundled model does not see.
    expect(sent).toMatchObject({
      code: 3,
      err: expect.stringMatching(/^unsupported: .*does not support vision/),
    })
    expect(missing).toMatchObject({ code: 4, err: expect.stringMatching(/^ENOENT: .*nothing\.png/) })
    expect(text).toMatchObject({ code: 2, err: expect.stringContaining('is not an image') })
  })

  it('gives an error as the last event with --json', async () => {
    const { code, out } = await patchbay(['ask', '--json', '-m', './nothing.gguf', 'hi'])
    expect(code).toBe(4)
    expect(JSON.parse(out)).toMatchObject({ type: 'error', code: 'model-load', retryable: false })
  })

  it('is stopped by Ctrl-C', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'patchbay-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const endless = writeRandomModel(join(dir, 'random.gguf'), { context: 100_000 })
    const { child, ended, out } = start(['ask', '-m', endless, 'talk'])
    child.stdin.end()
    await until(() => out() !== '')
    child.kill('SIGINT')
    const { code, err } = await ended
    expect(code).toBe(130)
    expect(err).toMatch(/^aborted: /)
  })

  it('minds no reader that leaves early', async () => {
    const { child, ended } = start(['ask', '-c', echo, 'Count to 12.'])
    child.stdin.end()
    child.stdout.destroy()
    expect(await ended).toMatchObject({ code: 141, err: '' })
  })
})

describe('patchbay chat', () => {
  it('holds a conversation', async () => {
    const { code, out } = await patchbay(
      ['chat'],
      'My name is Zoe.\nWhat is my name?\n/clear\nWhat is my name?\n',
    )
    const answers = out.trim().split('\n')
    expect(code).toBe(0)
    expect(answers).toHaveLength(3)
    expect(answers[1]).toContain('Zoe')
    expect(answers[2]).not.toContain('Zoe')
  })

  it('has its commands', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'patchbay-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const [json, markdown] = [join(dir, 'chat.json'), join(dir, 'chat.md')]
    const script = [
      '/system Be brief.',
      '/system',
      '/model',
      'Say this.',
      `/save ${json}`,
      `/save ${markdown}`,
      '/model ./nothing.gguf',
      'hi',
      '/model pico',
      'What is the capital of Peru?',
      '/nonsense',
      '/save /nowhere/at/all',
      '/quit',
      'never asked',
    ]
    const { code, out, err } = await patchbay(['chat', '-c', echo], script.join('\n'))
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toEqual(['Say this.', 'hi', 'The capital of Peru is Lima.'])
    expect(err).toContain('system: Be brief.')
    expect(err).toContain('echo-1 (echo)')
    expect(err).toContain('pico (local)')
    expect(err).toMatch(/model-load: .*nothing\.gguf does not exist/)
    expect(err).toContain('Unknown command /nonsense.')
    expect(err).toContain('ENOENT')
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ text: 'Say this.' }] },
    ])
    expect(readFileSync(markdown, 'utf8')).toBe('**user**\n\nSay this.\n\n**assistant**\n\nSay this.\n')
  })

  it('leaves on a second Ctrl-C, not on the first', async () => {
    const { child, ended, out, err } = start(['chat', '-c', echo])
    child.stdin.write('Say this.\n')
    await until(() => out().includes('Say this.') && err().includes('first token after'))
    child.kill('SIGINT')
    await until(() => err().includes('again to leave'))
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
  })
})

describe('patchbay', () => {
  it('tells its version, its commands and its exit codes', async () => {
    expect((await patchbay(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    const { code, out } = await patchbay(['--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/ask .*\n.*chat/)
    expect(out).toContain('Exit codes:')
  })
})

it('npm start knows every command', async () => {
  const { out } = await patchbay(['--help'])
  const names = [...out.slice(out.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name)
  expect(names).toContain('serve')
  const script = readFileSync(new URL('../../../scripts/start.mjs', import.meta.url), 'utf8')
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(script))).toEqual([])
})

it('the demo switches models, falls back, and stops at its budget', async () => {
  const { code, out, err } = await patchbay(['demo'])
  expect([code, err]).toEqual([0, ''])
  for (const name of ['local', 'claude', 'openai', 'ollama'])
    expect(out).toMatch(new RegExp(`^  ${name} +The capital of France is Paris\\.$`, 'm'))
  expect(out).toMatch(/The capital of Peru is Lima\.\n {2}answered by local\. [\s\S]*HTTP 503/)
  expect(out).toMatch(/The capital of Spain is Madrid\.\n {2}spent \d+ of 120 tokens/)
  expect(out).toContain('budget-exceeded: ')
})

describe('patchbay serve', () => {
  it('says where it listens and who answers, serves its page, answers with the bundled model, and finishes what runs when it is told to end', async () => {
    const server = start(['serve', '--port', '0'])
    await until(() => server.out().includes('answers'))
    const url = server.out().split('\n')[0]?.slice('listening on '.length) ?? ''
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(server.out().split('\n').slice(1)).toEqual([
      `  chat page  ${url}/`,
      `  OpenAI     ${url}/v1`,
      `  Anthropic  ${url}`,
      `  Ollama     ${url}`,
      '  answers    the bundled model pico (patchbay init sets up others)',
      '',
    ])
    expect(await (await fetch(url)).text()).toMatch(/<title>Patchbay/)
    const ask = (content: string) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content }] }),
      }).then((response) => response.json())
    const paris = { choices: [{ message: { content: 'The capital of France is Paris.' } }] }
    expect(await ask('What is the capital of France?')).toMatchObject(paris)
    const last = ask('Count from 1 to 12.')
    await new Promise((resolve) => setImmediate(resolve))
    const running = ask('What is the capital of France?')
    await fetch(`${url}/healthz`)
    server.child.kill('SIGTERM')
    expect(await running).toMatchObject(paris)
    expect(await last).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
    expect(await server.ended).toMatchObject({ code: 0, err: '' })
  })

  it('listens to others than this machine only with keys, and says what to do', async () => {
    expect(await patchbay(['serve', '--host', '0.0.0.0', '--port', '0'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('patchbay key'),
    })
  })

  it('keeps who may ask, logs each request, and reads its configuration again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-serve-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { key, hash } = JSON.parse((await patchbay(['key', 'ann', '--json'])).out)
    const config = join(folder, 'patchbay.config.json')
    const providers = { echo: { use: join(echo, '../echo.mjs') } }
    const write = (gateway: object) => writeFileSync(config, JSON.stringify({ providers, gateway }))
    write({ keys: { ann: { hash } } })
    const server = start(['serve', '--port', '0', '--log', '--config', config])
    await until(() => server.out().includes('\n'))
    const url = server.out().split('\n')[0]?.slice('listening on '.length)
    const ask = (model: string, given = key) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${given}` },
        body: JSON.stringify({
          model,
          messages: [{ role: 'user', content: 'What is the capital of France?' }],
        }),
      })
    expect((await ask('default', 'wrong')).status).toBe(401)
    expect((await ask('gpt-5')).status).toBe(200)
    await until(() => server.err().split('\n').length === 3)
    expect(
      server
        .err()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { level: 'warn', status: 401, error: 'authentication' },
      {
        level: 'info',
        status: 200,
        key: 'ann',
        model: 'gpt-5',
        provider: 'echo',
        path: '/v1/chat/completions',
      },
    ])
    expect(server.err()).not.toContain('France')
    write({ keys: { ann: { hash } }, strictModels: true })
    server.child.kill('SIGHUP')
    await until(() => server.err().includes('was reloaded'))
    expect((await ask('gpt-5')).status).toBe(404)
    writeFileSync(config, '{ half')
    server.child.kill('SIGHUP')
    await until(() => server.err().includes('was not changed'))
    expect((await ask('default')).status).toBe(200)
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })
})

describe('everyday mistakes', () => {
  it('a port that is none is told in one line', async () => {
    const ports = ['70000', '-1', '1.5']
    const ended = await Promise.all(ports.map((port) => patchbay(['serve', '--port', port])))
    expect(ended.map(({ code, err }) => [code, err.split('\n')[0]])).toEqual(
      ports.map((port) => [3, `config: The port must be a whole number from 0 to 65535, not ${port}.`]),
    )
  })

  it('a folder that cannot be written is told in one line', async () => {
    const { child, ended } = start(['init', '--yes'], {}, '/proc')
    child.stdin.end()
    const { code, err } = await ended
    expect(code).toBe(4)
    expect(err).toMatch(/^[A-Z]+: .*\n$/)
  })

  it('a reader of standard error that goes away ends neither an answer nor a server', async () => {
    const asked = start(['ask', '-c', echo, '--no-stdin', '--stats', 'Say this.'])
    asked.child.stderr.destroy()
    expect(await asked.ended).toMatchObject({ code: 0, out: 'Say this.\n' })

    const server = start(['serve', '--port', '0', '--log'])
    await until(() => server.out().includes('\n'))
    server.child.stderr.destroy()
    const url = server.out().split('\n')[0]?.slice('listening on '.length)
    for (let time = 0; time < 3; time++) expect((await fetch(`${url}/healthz`)).status).toBe(200)
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })
})

describe('patchbay key', () => {
  it('is shown once, with what the configuration keeps of it', async () => {
    const { code, out } = await patchbay(['key', 'ann'])
    expect(code).toBe(0)
    const [key = ''] = out.split('\n')
    expect(key).toMatch(/^pb-[\w-]{43}$/)
    const hash = createHash('sha256').update(key).digest('hex')
    expect(JSON.parse(out.slice(out.indexOf('{')))).toEqual({
      gateway: { keys: { ann: { hash: `sha256:${hash}` } } },
    })
  })
})
