// The command under a configuration: who answers, what works, and what of this machine could answer.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { simulateAnthropic } from '../../../packages/claude/test/server.js'
import { simulateOllama } from '../../../packages/ollama/test/server.js'
import { simulateOpenAI } from '../../../packages/openai/test/server.js'
import { faultServer } from '../../../packages/testing/src/fault-server.js'
import { suggestedModels } from './commands/init.js'

const command = fileURLToPath(new URL('../dist/index.js', import.meta.url))

/** A folder with a configuration of three played services, one that is down, and the bundled model. */
async function world() {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-cli-'))
  const servers = await Promise.all([simulateAnthropic(), simulateOpenAI(), simulateOllama()])
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Promise.all(servers.map((server) => server.close()))
  })
  const [anthropic, openAI, ollamaServer] = servers
  const config = {
    default: 'chat',
    providers: {
      chat: { use: 'openai', model: 'gpt-x', apiKey: '${KEY}', baseURL: openAI.url },
      anthropic: { use: 'claude', model: 'claude-sonnet-4-5', apiKey: '${KEY}', baseURL: anthropic.url },
      server: { use: 'ollama', model: 'tiny', baseURL: ollamaServer.url },
      down: {
        use: 'openai',
        model: 'gpt-x',
        apiKey: '${KEY}',
        baseURL: 'http://127.0.0.1:9',
        retry: false,
        fallback: ['pico'],
      },
      pico: 'local',
    },
  }
  writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify(config))
  const env = { KEY: 'sk-secret', OLLAMA_HOST: ollamaServer.url }
  return {
    folder,
    openAI,
    run: (args: string[], more = {}, stdin = '') => patchbay(args, folder, { ...env, ...more }, stdin),
  }
}

function patchbay(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}, stdin = '') {
  const none = { XDG_CONFIG_HOME: cwd, PATCHBAY_PROVIDER: '', ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '' }
  const child = spawn(process.execPath, [command, ...args], { cwd, env: { ...process.env, ...none, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const told = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (told.out += chunk))
  child.stderr.on('data', (chunk) => (told.err += chunk))
  child.stdin.end(stdin)
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, ...told })),
  )
}

const question = 'What is the capital of France?'
const paris = 'The capital of France is Paris.\n'

it('ask --image sends the picture with the question', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-cli-'))
  const bodies: string[] = []
  const server = await faultServer(({ body }) => {
    bodies.push(body)
    const answer = {
      choices: [{ message: { role: 'assistant', content: 'A page.' }, finish_reason: 'stop' }],
    }
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }
  })
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  })
  const config = { providers: { far: { use: 'openai', model: 'm', apiKey: '${KEY}', baseURL: server.url } } }
  writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify(config))
  const picture = readFileSync(new URL('../../../docs/public/page.png', import.meta.url))
  writeFileSync(join(folder, 'page.PNG'), picture)
  const args = ['ask', '--max-tokens', '10', '--image', 'page.PNG', 'What is this?']
  expect(await patchbay(args, folder, { KEY: 'k' })).toMatchObject({ code: 0, out: 'A page.\n' })
  expect(JSON.parse(bodies[0] ?? '').messages).toEqual([
    {
      role: 'user',
      content: [
        {
          type: 'image_url',
          image_url: { url: `data:image/png;base64,${picture.toString('base64')}` },
        },
        { type: 'text', text: 'What is this?' },
      ],
    },
  ])
})

it('models and doctor warn of a model that ends within 60 days', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-cli-'))
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const data = [
    { id: 'old', shutdown_date: inDays(30) },
    { id: 'newer', shutdown_date: inDays(100) },
  ]
  const answer = { choices: [{ message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }] }
  const server = await faultServer(({ path }) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(path === '/models' ? { data } : answer),
  }))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  })
  const own = { use: 'openai', baseURL: server.url, apiKey: '${KEY}', retry: false }
  const providers = { old: { ...own, model: 'old' }, newer: { ...own, model: 'newer' } }
  writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify({ providers, default: 'old' }))
  const listed = await patchbay(['models', 'newer'], folder, { KEY: 'k' })
  expect(listed.out).toContain(`ends ${inDays(100)}`)
  expect(listed.err).toBe(`warning: old ends in 30 days, on ${inDays(30)}. Choose another model.\n`)
  const report = await patchbay(['doctor'], folder, { KEY: 'k' })
  expect(report.out).toContain(`old: warning: old ends in 30 days, on ${inDays(30)}.`)
  expect(report.out).not.toContain('newer: warning')
})

describe('patchbay ask', () => {
  it('asks the default, the one that is named, the one of the environment, or a model that needs no file', async () => {
    const { run } = await world()
    const who = async (args: string[], env = {}) => {
      const { code, out, err } = await run(['ask', '--stats', ...args, question], env)
      expect([code, out]).toEqual([0, paris])
      return /\((\w+)\) ·/.exec(err)?.[1]
    }
    const asked = [
      who([]),
      who(['--provider', 'anthropic']),
      who([], { PATCHBAY_PROVIDER: 'server' }),
      who(['-p', 'ollama:tiny']),
      who(['-p', 'pico']),
    ]
    expect(await Promise.all(asked)).toEqual(['openai', 'claude', 'ollama', 'ollama', 'local'])
  })

  it('tells that another one answered, and why', async () => {
    const { run } = await world()
    const { code, out, err } = await run(['ask', '-p', 'down', question])
    expect([code, out]).toEqual([0, paris])
    expect(err).toMatch(/warning: openai gpt-x could not answer \(network: .*local pico was asked/)
  })

  it('says what to do about a wrong name, and never the key', async () => {
    const { run } = await world()
    expect(await run(['ask', '-p', 'antropic', question])).toMatchObject({
      code: 3,
      err: expect.stringContaining('Did you mean anthropic?'),
    })
    const pasted = 'sk-ant-api03-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c'
    for (const args of [
      ['ask', '-p', pasted, question],
      ['ask', '-p', `claude:${pasted}`, question],
      ['ask', '--model', pasted, question],
      ['ask', '--config', pasted, question],
      ['doctor', '--require', pasted],
      ['pull', pasted],
      ['explain', pasted],
      ['completion', pasted],
      [pasted],
      [`--${pasted}`],
    ]) {
      const { code, out, err } = await run(args)
      expect([args[0], code]).not.toEqual([args[0], 0])
      expect(out + err).not.toContain(pasted.slice(10))
    }
    const { err } = await run(['ask', '-p', 'claude:m', question])
    expect(err).toContain('ANTHROPIC_API_KEY')
    expect(err).not.toContain('sk-secret')
  })
})

it('patchbay chat goes on with another provider', async () => {
  const { run } = await world()
  const { out, err } = await run(['chat'], {}, `${question}\n/model anthropic\n${question}\n`)
  expect(out).toBe(paris + paris)
  expect(err).toContain('switched to claude-sonnet-4-5 (claude)')
})

describe('patchbay compare', () => {
  it('asks all of them at once, and shows their answers in order', async () => {
    const { run, openAI } = await world()
    const { code, out } = await run([
      'compare',
      '-p',
      'chat,pico,ollama:tiny',
      '--max-tokens',
      '50',
      question,
    ])
    // Or there would be no time of the first token.
    expect(openAI.requests.at(-1)?.json).toMatchObject({ stream: true })
    expect(code).toBe(0)
    expect(out.split('\n').filter((line) => /^──|Paris/.test(line))).toEqual([
      '── chat',
      paris.trim(),
      '── pico',
      paris.trim(),
      '── ollama:tiny',
      paris.trim(),
    ])
    expect(out).toMatch(/pico \(local\) · 10 tokens/)
  })

  it.skipIf(process.platform === 'win32')('is interrupted as a whole', async () => {
    const { folder } = await world()
    const stalled = await faultServer({ body: '{}', stallAt: 0 })
    onTestFinished(() => stalled.close())
    const slow = { use: 'openai', model: 'm', apiKey: 'k', baseURL: stalled.url }
    writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify({ providers: { a: slow, b: slow } }))
    const child = spawn(process.execPath, [command, 'compare', 'x'], {
      cwd: folder,
      env: { ...process.env, XDG_CONFIG_HOME: folder },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let err = ''
    child.stderr.on('data', (chunk) => (err += chunk))
    child.stdin.end()
    const ended = new Promise((resolve) => child.on('close', resolve))
    await expect.poll(() => stalled.requests.length, { timeout: 20_000 }).toBe(2)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(err).not.toContain('    at ')
  })

  it('goes on where one fails, and says so with its exit code', async () => {
    const { run } = await world()
    const { code, out } = await run(['compare', '--json', '-p', 'chat,claude:m', question])
    expect(code).toBe(4)
    expect(JSON.parse(out)).toMatchObject([
      { name: 'chat', response: { text: paris.trim() } },
      { name: 'claude:m', error: { code: 'authentication' } },
    ])
  })
})

describe('patchbay doctor', () => {
  it('shows what works with each, as a table, with an exit code when a swap would break the app', async () => {
    const { run } = await world()
    const { code, out } = await run(['doctor', 'chat', 'anthropic', 'pico', '--require', 'vision'])
    // The local model sees no images.
    expect(code).toBe(3)
    const rows = out.split('\n').map((line) => line.trim().split(/\s{2,}/))
    expect(rows[0]).toEqual(['model', 'text', 'stream', 'tools', 'json', 'vision', 'embed'])
    expect(rows.find(([name]) => name === 'pico')).toEqual([
      'pico',
      'pico',
      'yes',
      'yes',
      'yes',
      'yes',
      'no',
      'yes',
    ])
    // How a local model was loaded, and why so.
    expect(out).toMatch(/^pico: \d+ of \d+ usable cores, /m)
    expect(out).toMatch(/^pico: memory: 1\.0 MB of weights/m)
    expect(rows.find(([name]) => name === 'anthropic')?.slice(2, 4)).toEqual(['yes', 'yes'])
  })

  it('as JSON, with 0 where all works that must', async () => {
    const { run } = await world()
    const well = await run(['doctor', 'pico', '--require', 'tools,json', '--json'])
    expect(well.code).toBe(0)
    expect(JSON.parse(well.out)).toMatchObject([
      {
        name: 'pico',
        ok: true,
        load: expect.arrayContaining([expect.stringContaining('usable cores')]),
        findings: { tools: { outcome: 'yes' }, vision: { outcome: 'no' } },
      },
    ])
    expect((await run(['doctor', 'pico', '--require', 'vison'])).code).toBe(2)
  })

  it.each([
    ['not reachable', { use: 'openai', model: 'm', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }, /network: /],
    ['not authorised', { use: 'openai', model: 'm', apiKey: 'k' }, /authentication: /],
    ['without its model', { use: 'openai', model: 'm', apiKey: 'k' }, /not-found: /],
    ['not to be made', { use: 'openai', model: 'm', apiKey: '${NONE}' }, /NONE is not set/],
  ])('says that one is %s', async (what, entry, message) => {
    const status = { 'not authorised': 401, 'without its model': 404 }[what]
    const server = await faultServer({ status: status ?? 200, body: '{"error": {"message": "no"}}' })
    onTestFinished(() => server.close())
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-cli-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const given = status === undefined ? entry : { ...entry, baseURL: server.url }
    writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify({ providers: { a: given } }))
    const { code, out } = await patchbay(['doctor'], folder, { KEY: 'k' })
    expect(code).toBe(4)
    expect(out).toMatch(message)
    // Nothing else is asked of it.
    expect(server.requests.length).toBeLessThan(3)
  })
})

describe('patchbay providers and models', () => {
  it('list who is configured and what they offer', async () => {
    const { run } = await world()
    const { out } = await run(['providers'])
    expect(out).toMatch(/^chat \* +openai +gpt-x/m)
    expect(out).toMatch(/^down +openai +gpt-x +pico/m)
    expect(out).toMatch(/^pico +local/m)
    expect(JSON.parse((await run(['providers', '--json'])).out)).toHaveLength(5)
    expect((await run(['models', 'anthropic'])).out).toContain('claude-x')
    expect(JSON.parse((await run(['models', 'pico', '--json'])).out)).toMatchObject([{ id: 'pico' }])
  })
})

describe('patchbay init', () => {
  it('writes what this machine has, and the app answers', async () => {
    const { folder } = await world()
    const made = join(folder, 'app')
    mkdirSync(join(made, 'models'), { recursive: true })
    writeFileSync(join(made, 'models/small.gguf'), '')
    const env = { OPENAI_API_KEY: 'sk-secret', OLLAMA_HOST: 'http://127.0.0.1:9' }
    const { code, out } = await patchbay(['init', '--yes', '--no-try'], made, env)
    expect([code, out]).toEqual([0, expect.stringContaining('OPENAI_API_KEY is set')])
    const written = readFileSync(join(made, 'patchbay.config.json'), 'utf8')
    expect(JSON.parse(written)).toMatchObject({
      default: 'openai',
      providers: {
        openai: { use: 'openai', model: suggestedModels.openai },
        small: { use: 'local', model: './models/small.gguf' },
        pico: { use: 'local' },
      },
    })
    expect(written).not.toContain('sk-secret')
    // Makers' pages of November 2026: gone by the end of that year, or announced.
    for (const model of Object.values(suggestedModels))
      expect(model).not.toMatch(/^(gpt-(3|4|5$|5-)|o\d|claude-\w+-[34])/)
    expect((await patchbay(['init', '--yes'], made, env)).code).toBe(2)
    expect((await patchbay(['ask', '-p', 'pico', question], made)).out).toBe(paris)
  })

  it('ends with an answer, or with what to do when there is none', async () => {
    const { folder } = await world()
    const [good, bad] = [join(folder, 'good'), join(folder, 'bad')]
    for (const made of [good, bad]) mkdirSync(made)
    const none = { OLLAMA_HOST: 'http://127.0.0.1:9', GEMINI_API_KEY: '' }
    expect(await patchbay(['init', '--yes'], good, none)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`> ${question}\n${paris}`),
    })
    const wrong = { ...none, OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    const { code, out } = await patchbay(['init', '--yes'], bad, wrong)
    expect(code).toBe(0)
    expect(out).toMatch(/network: .*\n\nopenai did not answer\. .*patchbay ask --provider pico/)
  })

  it('finds a running Ollama server', async () => {
    const { run, folder } = await world()
    expect((await run(['init', '--yes', '--force'])).out).toMatch(/ollama: an Ollama server runs/)
    expect(JSON.parse(readFileSync(join(folder, 'patchbay.config.json'), 'utf8')).providers.ollama.use).toBe(
      'ollama',
    )
  })
})

describe('patchbay pull', () => {
  it('says where the server is missing', async () => {
    const { folder } = await world()
    const { code, err } = await patchbay(['pull', 'qwen3:0.6b'], folder, {
      OLLAMA_HOST: 'http://127.0.0.1:9',
    })
    expect([code, err]).toEqual([4, expect.stringContaining('ollama serve')])
  })

  it('fetches a file of a hub, which then answers', async () => {
    const pico = readFileSync(new URL('../../../packages/local/models/pico.gguf', import.meta.url))
    const hub = await faultServer({ body: pico })
    onTestFinished(() => hub.close())
    const { folder } = await world()
    const env = { HF_ENDPOINT: hub.url, XDG_CACHE_HOME: folder }
    const name = 'hf:owner/repo:pico.gguf'
    expect(await patchbay(['ask', '-m', name, question], folder, env)).toMatchObject({
      code: 3,
      err: expect.stringContaining(`patchbay pull ${name}`),
    })
    expect((await patchbay(['pull', name], folder, env)).code).toBe(0)
    expect((await patchbay(['ask', '-t', '0', '-m', name, question], folder, env)).out).toBe(paris)
    const { out } = await patchbay(['models', '--local'], folder, env)
    expect(out).toMatch(/^pico +ships with Patchbay\nhf:owner\/repo:pico\.gguf +1\.0 MB +\S+pico\.gguf\n$/)
    expect(JSON.parse((await patchbay(['models', '--local', '--json'], folder, env)).out)).toMatchObject([
      { name, size: pico.length },
    ])
    expect((await patchbay(['complete', '--', 'remove', ''], folder, env)).out).toBe(`${name}\n`)
    expect((await patchbay(['remove', name], folder, env)).out).toBe(`${name} is deleted.\n`)
    expect(await patchbay(['remove', name], folder, env)).toMatchObject({
      code: expect.not.toSatisfy((code) => code === 0),
      err: expect.stringContaining('patchbay models --local'),
    })
    expect(JSON.parse((await patchbay(['models', '--local', '--json'], folder, env)).out)).toEqual([])
  })

  it('tells when it is done', async () => {
    const lines = [{ status: 'pulling', total: 10, completed: 5 }, { status: 'success' }]
    const server = await faultServer({ body: lines.map((line) => `${JSON.stringify(line)}\n`).join('') })
    onTestFinished(() => server.close())
    const { folder } = await world()
    const { code, out } = await patchbay(['pull', 'qwen3:0.6b'], folder, { OLLAMA_HOST: server.url })
    expect([code, out]).toEqual([0, expect.stringMatching(/^qwen3:0.6b: success/)])
  })
})

describe('patchbay explain', () => {
  it('tells what a code means, and which codes there are', async () => {
    const { code, out } = await patchbay(['explain', 'rate-limited'], '.')
    expect(code).toBe(0)
    expect(out).toMatch(/^## rate-limited\n\nToo many requests/)
    expect(out).not.toContain('## quota-exceeded')
    const wrong = await patchbay(['explain', 'rate-limitd'], '.')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('rate-limited')
  })
})

describe('patchbay completion', () => {
  it.each([
    [
      '',
      [
        'ask',
        'chat',
        'compare',
        'image',
        'speak',
        'demo',
        'serve',
        'worker',
        'key',
        'doctor',
        'explain',
        'providers',
        'models',
        'pull',
        'remove',
        'init',
        'completion',
        'help',
      ],
    ],
    ['co', ['compare', 'completion']],
    ['ask --pro', ['--provider']],
    ['ask -p an', ['anthropic']],
    ['doctor p', ['pico']],
    ['nonsense ', []],
  ])('knows what comes after %j', async (line, expected) => {
    const { run } = await world()
    const { out } = await run(['complete', '--', ...line.split(' ')])
    expect(
      out
        .split('\n')
        .filter(Boolean)
        .filter((word) => word !== 'help'),
    ).toEqual(expected.filter((word) => word !== 'help'))
  })

  it.skipIf(process.platform === 'win32')('works in bash', async () => {
    const { folder } = await world()
    const bin = join(folder, 'patchbay')
    writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`, { mode: 0o755 })
    const line =
      'eval "$(patchbay completion bash)"; COMP_WORDS=(patchbay ask --provider an); COMP_CWORD=3; _patchbay; echo "${COMPREPLY[@]}"'
    const { stdout } = spawnSync('bash', ['-c', line], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, XDG_CONFIG_HOME: folder },
    })
    expect(stdout).toBe('anthropic\n')
  })

  it('has none for other shells', async () => {
    const { run } = await world()
    expect((await run(['completion', 'tcsh'])).code).toBe(2)
  })
})
