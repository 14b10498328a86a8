// Configurations: found, layered, checked, and every message of what can be wrong with them.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { isLlmError } from '@patchbay/core'
import { fileState } from '@patchbay/policies'
import { worker } from '@patchbay/queue'
import { mockProvider } from '@patchbay/testing/mock'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasRedis, startRedis } from '../../policies/test/redis.js'
import { backend, eachInItsFolder } from '../test/folder.js'
import { publishedSchema } from './file/schema.js'
import { type Config, connect, loadConfig } from './index.js'

const { at, write, problem } = eachInItsFolder()
let folder = ''
beforeEach(() => {
  folder = at()
})

const optionsOf = async (target?: string) => {
  const provider = await connect(target, { cwd: folder })
  return (provider as unknown as { options: Record<string, unknown> }).options
}

describe('a configuration', () => {
  const providers = { own: { use: './backend.mjs', model: 'm' } }
  it.each([
    ['patchbay.config.json', JSON.stringify({ providers })],
    ['patchbay.config.yaml', 'providers:\n  own:\n    use: ./backend.mjs\n    model: m\n'],
    ['patchbay.config.yml', 'providers: { own: { use: ./backend.mjs, model: m } }'],
    ['patchbay.config.mjs', `export default ${JSON.stringify({ providers })}`],
    ['patchbay.config.cjs', `module.exports = ${JSON.stringify({ providers })}`],
    [
      'patchbay.config.ts',
      `const own: { use: string; model: string } = { use: './backend.mjs', model: 'm' }\nexport default { providers: { own } }`,
    ],
  ])('may be %s, and is found from below', async (name, content) => {
    write('backend.mjs', backend)
    write(name, content)
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    const provider = await connect(undefined, { cwd: join(folder, 'a/b') })
    expect([provider.provider, provider.model]).toEqual(['own', 'm'])
  })

  it('lies over the user’s own, entry by entry', async () => {
    write('backend.mjs', backend)
    write('user/patchbay/config.json', {
      default: 'mine',
      providers: {
        own: { use: './backend.mjs', model: 'weak', retry: false },
        mine: { use: './backend.mjs' },
      },
    })
    write('patchbay.config.json', {
      default: 'own',
      providers: { own: { use: './backend.mjs', model: 'strong' } },
    })
    expect(await optionsOf()).toEqual({ model: 'strong', retry: false })
    const { providers, files } = await loadConfig({ cwd: folder })
    expect([...providers.keys()].sort()).toEqual(['mine', 'own'])
    expect(files).toHaveLength(2)
    expect((await loadConfig({ cwd: folder, user: false })).files).toHaveLength(1)
  })

  it('is another one in another environment', async () => {
    write('backend.mjs', backend)
    write('patchbay.config.json', {
      providers: { own: { use: './backend.mjs', model: 'small', headers: { a: 'b' } } },
      env: { production: { providers: { own: { use: './backend.mjs', model: 'large' } } } },
    })
    expect(await optionsOf()).toMatchObject({ model: 'small' })
    vi.stubEnv('NODE_ENV', 'production')
    expect(await optionsOf()).toEqual({ model: 'large', headers: { a: 'b' } })
    vi.stubEnv('PATCHBAY_ENV', 'staging')
    expect(await optionsOf()).toMatchObject({ model: 'small' })
  })

  it('takes texts from the environment, when they are needed', async () => {
    write('backend.mjs', backend)
    write('patchbay.config.json', {
      default: 'a',
      providers: {
        a: { use: './backend.mjs', apiKey: '${A_KEY}', headers: { x: 'v-${A_KEY}', y: '${NONE:-else}' } },
        b: { use: './backend.mjs', apiKey: '${NONE}' },
      },
    })
    vi.stubEnv('A_KEY', 'secret')
    expect(await optionsOf()).toEqual({ apiKey: 'secret', headers: { x: 'v-secret', y: 'else' } })
    expect(await problem(connect('b', { cwd: folder }))).toMatchInlineSnapshot(
      `"config: …/patchbay.config.json: providers.b.apiKey: the variable NONE is not set."`,
    )
  })

  it('is warned about when a key is written down in it, which is not repeated', async () => {
    const config = write('patchbay.config.json', {
      providers: { a: { use: 'claude', model: 'm', apiKey: 'sk-secret' } },
    })
    const { warnings } = await loadConfig({ cwd: folder })
    expect(warnings.map((text) => text.replaceAll(folder, '…'))).toMatchInlineSnapshot(`
      [
        "…/patchbay.config.json: providers.a.apiKey is in the file. Read it from the environment: "\${MY_KEY}", or leave it out if the service has a usual variable.",
      ]
    `)
    // A module that takes it from elsewhere, and a configuration in code, are nobody's file with a key in it.
    vi.stubEnv('VAULT', 'sk-from-the-vault')
    const module = write(
      'other/patchbay.config.mjs',
      "export default { providers: { a: { use: 'claude', model: 'm', apiKey: process.env.VAULT + '' } } }",
    )
    expect((await loadConfig({ config: module })).warnings).toEqual([])
    const inCode: Config = { providers: { a: { use: 'claude', model: 'm', apiKey: 'sk-secret' } } }
    expect((await loadConfig({ config: inCode })).warnings).toEqual([])
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    await (await connect('a', { config })).close()
    expect(warned).toHaveBeenCalledOnce()
    expect(JSON.stringify(warned.mock.calls)).not.toContain('sk-secret')
  })

  it('is as the page shows it', async () => {
    const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    write('patchbay.config.yaml', /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
    const { providers, requires, default: chosen } = await loadConfig({ cwd: folder, env: 'test' })
    expect([[...providers.keys()], requires, chosen]).toEqual([
      ['main', 'spare', 'server', 'careful', 'able', 'here'],
      ['tools'],
      'here',
    ])
  })

  it('may be handed over', async () => {
    write('backend.mjs', backend)
    const config: Config = { providers: { own: { use: './backend.mjs' } } }
    expect((await connect(undefined, { config, cwd: folder })).provider).toBe('own')
  })

  it('has its schema published', () => {
    const published = JSON.parse(readFileSync(new URL('../schema.json', import.meta.url), 'utf8'))
    expect(published, 'run packages/config/scripts/write-schema.ts').toEqual(
      JSON.parse(JSON.stringify(publishedSchema())),
    )
  })
})

describe('who answers', () => {
  const two: Config = { providers: { fast: { use: './backend.mjs', model: 'f' }, good: './backend.mjs:g' } }

  it('is the one that is named, the one of PATCHBAY_PROVIDER, or the default', async () => {
    write('backend.mjs', backend)
    write('patchbay.config.json', { ...two, default: 'fast' })
    expect(await optionsOf()).toEqual({ model: 'f' })
    expect(await optionsOf('good')).toEqual({ model: 'g' })
    vi.stubEnv('PATCHBAY_PROVIDER', 'good')
    expect(await optionsOf()).toEqual({ model: 'g' })
    expect(await optionsOf('fast')).toEqual({ model: 'f' })
  })

  it.each([
    ['claude:claude-sonnet-4-5', 'claude', 'claude-sonnet-4-5'],
    ['openai:gpt-5', 'openai', 'gpt-5'],
    ['ollama:qwen3:0.6b', 'ollama', 'qwen3:0.6b'],
    ['local', 'local', 'pico'],
  ])('needs no file: %s', async (target, name, model) => {
    const provider = await connect(target, { cwd: folder })
    expect([provider.provider, provider.model]).toEqual([name, model])
    await provider.close()
  })

  it('may be a package beside the configuration, as a module or in CommonJS', async () => {
    write('node_modules/acme-llm/package.json', { name: 'acme-llm', type: 'module', main: 'index.js' })
    write('node_modules/acme-llm/index.js', backend)
    write('node_modules/@acme/llm/package.json', { name: '@acme/llm', main: 'index.js' })
    write('node_modules/@acme/llm/index.js', backend.replace('export default', 'exports.llm ='))
    const config: Config = {
      providers: { a: { use: 'acme-llm', model: 'm', region: 'x' }, b: { use: '@acme/llm', model: 'n' } },
    }
    const a = (await connect('a', { config, cwd: folder })) as unknown as { options: unknown }
    expect(a.options).toEqual({ model: 'm', region: 'x' })
    expect((await connect('b', { config, cwd: folder })).model).toBe('n')
  })

  it('is another one where the first cannot, made only then', async () => {
    const config: Config = {
      default: 'far',
      providers: {
        far: {
          use: 'openai',
          model: 'gpt-x',
          apiKey: 'k',
          baseURL: 'http://127.0.0.1:9',
          retry: false,
          fallback: ['broken', 'near'],
        },
        broken: { use: 'openai', model: 'gpt-x', apiKey: '${NONE}' },
        near: { use: 'local' },
      },
    }
    const provider = await connect(undefined, { config, cwd: folder })
    const response = await provider.chat('What is the capital of France?')
    expect(response).toMatchObject({ provider: 'local', text: expect.stringContaining('Paris') })
    expect(response.warnings).toMatchObject([
      { message: expect.stringContaining('NONE is not set') },
      { feature: 'fallback', message: expect.stringContaining('network') },
    ])
    await provider.close()
  })

  it('tells what it cost, by the prices of the configuration', async () => {
    const answer = {
      id: 'r',
      choices: [{ message: { content: 'Hi.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    }
    const server = createServer(
      (_, response) =>
        void response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const providers = {
      a: { use: 'openai' as const, model: 'gpt-5', apiKey: 'k', baseURL, defaults: { maxOutputTokens: 9 } },
    }
    const cost = async (config: Config) => (await (await connect('a', { config })).chat('x')).cost
    // Another server's prices are its own.
    expect(await cost({ providers })).toBeUndefined()
    expect(await cost({ providers, prices: { 'gpt-5': { input: 100_000, output: 0 } } })).toBe(1)
  })

  it('has to be able to do what the app requires', async () => {
    write('backend.mjs', backend)
    const config = (requires: Config['requires']) => ({
      config: { requires: requires ?? [], ...two },
      cwd: folder,
    })
    expect((await connect('fast', config(['tools']))).model).toBe('f')
    expect(await problem(connect('fast', config(['tools', 'vision'])))).toMatchInlineSnapshot(
      `"unsupported: This app requires vision, which f (own) does not have. Configure another model."`,
    )
  })
})

describe('what is wrong is told by its place and its fix', () => {
  it.each([
    [
      'patchbay.config.json',
      '{\n "providers": {\n "a": { "use": "claude", "apiKey": sk-ant-secret }}}',
      'line 3',
    ],
    [
      'patchbay.config.json',
      '{ "providers": { "a": { "use": "claude", "apiKey": "sk-ant-secret", } } }',
      'is not valid JSON (a trailing comma',
    ],
    ['patchbay.config.json', '{ "providers": { "a": { "use": "claude", "apiKey": "sk-ant-secret', 'line 1'],
    ['patchbay.config.yaml', 'providers:\n  a:\n    use: claude\n    apiKey: sk-ant-secret: "\n', 'line 4'],
    [
      'patchbay.config.yaml',
      'providers:\n  a: !own { use: claude, apiKey: sk-ant-secret }\n',
      'TAG_RESOLVE_FAILED) at line 2',
    ],
    ['patchbay.config.yaml', 'providers: *nobody\nkey: sk-ant-secret\n', ''],
  ])('a broken %s, and the key beside the mistake stays out of it: %s', async (name, text, place) => {
    const file = write(name, text)
    const error: unknown = await loadConfig({ config: file, user: false }).catch((thrown) => thrown)
    expect(isLlmError(error, 'config')).toBe(true)
    expect(String(error)).toContain(place)
    expect(inspect(error, { depth: 9 })).not.toContain('sk-ant')
  })

  const failing = (config: unknown, target?: string) =>
    problem(connect(target, { config: write('patchbay.config.json', config as object), cwd: folder }))

  it.each<[string, unknown]>([
    ['no object', '[]'],
    ['no JSON', '{ "providers": '],
    ['a wrong name', { provider: {} }],
    ['a backend nobody knows', { providers: { a: { use: 'cluade', model: 'm' } } }],
    ['a backend nobody knows, in short', { providers: { a: 'opneai:gpt-5' } }],
    ['the name of something every object has', { providers: { a: { use: 'constructor', model: 'm' } } }],
    ['an option nobody knows', { providers: { a: { use: 'ollama', model: 'm', keepalive: 1 } } }],
    ['no use', { providers: { a: { model: 'm' } } }],
    ['a value of another type', { providers: { a: { use: 'local', parallel: 'two' } } }],
    [
      'a value that is none of the choices',
      { providers: { a: { use: 'openai', model: 'm', api: 'chats' } } },
    ],
    ['a limit nobody knows', { providers: { a: { use: 'claude', model: 'm', timeout: { totl: 1 } } } }],
    ['a limit below zero', { providers: { a: { use: 'claude', model: 'm', timeout: { total: -1 } } } }],
    [
      'a wrong name in an environment',
      { env: { production: { providers: { a: { use: 'claude', modle: 'm' } } } } },
    ],
    ['a wish nobody knows', { requires: ['tool'] }],
    ['no model', { providers: { a: { use: 'claude' } } }],
    ['nobody', {}],
    ['nobody who is the default', { providers: { a: 'claude:m', b: 'openai:m' } }],
    ['a default that is not there', { default: 'fats', providers: { fast: 'claude:m' } }],
    ['a fallback that is not there', { providers: { a: { use: 'claude', model: 'm', fallback: 'b' } } }],
    ['a fallback on itself', { providers: { a: { use: 'claude', model: 'm', fallback: ['a'] } } }],
    ['a package that is not installed', { providers: { a: { use: '@acme/llm', model: 'm' } } }],
    ['a file that is not there', { providers: { a: { use: './none.mjs' } } }],
  ])('%s', async (name, config) => {
    expect((await failing(config)).split(' imported from')[0]).toMatchSnapshot(name)
  })

  it('a file without a factory', async () => {
    write('empty.mjs', 'export const answer = 42')
    expect(await failing({ providers: { a: { use: './empty.mjs' } } })).toMatchSnapshot()
  })

  it('a configuration that is not there, and one that throws', async () => {
    expect(await problem(connect(undefined, { config: join(folder, 'none.json') }))).toMatchSnapshot()
    const file = write('patchbay.config.mjs', 'throw new Error("out of order")')
    expect(await problem(connect(undefined, { config: file }))).toMatchSnapshot()
  })

  it('no configuration at all', async () => {
    expect(await problem(connect(undefined, { cwd: folder }))).toMatchSnapshot()
    expect(await problem(connect('fast', { cwd: folder }))).toMatchSnapshot()
    expect(await problem(connect('cluade:m', { cwd: folder }))).toMatchSnapshot()
  })

  const pasted = 'sk-ant-api03-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c'
  it.each<[string, unknown, string?]>([
    ['a backend', { providers: { a: { use: pasted, model: 'm' } } }],
    ['a backend, in short', { providers: { a: pasted } }],
    ['a model', { providers: { a: `claude:${pasted}` } }],
    ['a model, in full', { providers: { a: { use: 'openai', model: pasted } } }],
    ['a file as a model', { providers: { a: { use: 'local', model: pasted } } }],
    ['an address', { providers: { a: { use: 'openai', model: 'm', baseURL: pasted } } }],
    ['a default', { default: pasted, providers: { a: 'local' } }],
    ['whoever is asked', { providers: { a: 'local' } }, pasted],
    ['one of several', { default: 'a', providers: { a: { use: 'route', providers: [pasted] } } }],
    ['a policy', { providers: { a: { use: 'local', policies: [pasted] } } }],
    ['an option', { providers: { a: { use: 'local', [pasted]: true } } }],
    ['a top option', { [pasted]: 1, providers: { a: 'local' } }],
    ['a wish', { requires: [pasted], providers: { a: 'local' } }],
    ['a store', { providers: { a: { use: 'local', policies: [{ cache: { store: pasted } }] } } }],
    ['a variable', { providers: { a: { use: 'local', model: `\${${pasted}}` } } }],
    ['an origin', { providers: { a: 'local' }, gateway: { origins: [pasted] } }],
  ])('a key in place of %s, without the key', async (_, config, target) => {
    const file = write('patchbay.config.json', config as object)
    const error: unknown = await connect(target, { config: file, cwd: folder }).then(
      async (provider) => provider.chat('x').finally(() => provider.close()),
      (thrown) => thrown,
    )
    expect(isLlmError(error, 'config')).toBe(true)
    expect(inspect(error, { depth: 9 })).not.toContain(pasted.slice(10))
  })

  it('a missing key, by its variable, with the first call', async () => {
    const provider = await connect('claude:claude-sonnet-4-5', { cwd: folder })
    expect(await problem(provider.chat('x'))).toMatchSnapshot()
  })
})

describe('policies', () => {
  const echo = `import { mockProvider } from ${JSON.stringify(fileURLToPath(new URL('../../testing/src/mock.ts', import.meta.url)))}
export default ({ provider = 'own', model = 'm', answers, embed }) => mockProvider({ provider, model, retry: false, answers })`
  const use = './echo.ts'
  beforeEach(() => {
    write('echo.ts', echo)
  })
  const connected = async (config: object, target?: string) => {
    write('patchbay.config.json', config)
    const provider = await connect(target, { cwd: folder })
    onTestFinished(() => provider.close())
    return provider
  }

  it('are put around a provider, each by one line', async () => {
    const policies = [
      'breaker',
      { limit: { requestsPerMinute: 600 } },
      { budget: { limits: [{ per: 'day', tokens: 1_000_000 }] } },
      'mask',
      { guard: { input: { deny: ['bomb'] }, output: { atMost: 1000 } } },
      'cache',
      'trace',
    ]
    const provider = await connected({ providers: { own: { use, policies } } })
    expect(await provider.chat('I am a@b.co.')).toMatchObject({ text: 'I am a@b.co.', cached: false })
    expect((await provider.chat('I am a@b.co.')).cached).toBe('exact')
    expect(await problem(provider.chat('A bomb.'))).toMatch(/content-filtered/)
  })

  it('of budgets and prices go together', async () => {
    const provider = await connected({
      prices: { m: { input: 1, output: 1_000_000 } },
      providers: { own: { use, policies: [{ budget: { limits: [{ per: 'run', usd: 5 }] } }] } },
    })
    expect((await provider.chat({ messages: 'x', maxOutputTokens: 4 })).cost).toBeGreaterThan(1)
    expect(await problem(provider.chat({ messages: 'x', maxOutputTokens: 5 }))).toMatch(
      /budget-exceeded.*\$5/,
    )
  })

  it('record and replay beside the configuration', async () => {
    const recorder = await connected({
      providers: { own: { use, policies: [{ record: { file: 'tape.json' } }] } },
    })
    await recorder.chat('x')
    const player = await connected({
      providers: { own: { use, policies: [{ replay: { file: './tape.json' } }] } },
    })
    expect((await player.chat('x')).text).toBe('x')
    expect(await problem(player.chat('y'))).toMatch(/not-found.*tape\.json/)
  })

  it.each([
    [{ use: 'loadBalance', weights: [1, 1] }, ['a', 'b', 'a', 'b']],
    [{ use: 'hedge', delay: 50 }, ['a', 'a', 'a', 'a']],
    [{ use: 'route', by: 'cost' }, ['b', 'b', 'b', 'b']],
    [{ use: 'cascade', unless: ['nothing'] }, ['a', 'b', 'b', 'b']],
    [{ use: 'learn', by: 'ema', seed: 1 }, undefined],
  ])('%j', async (entry, expected) => {
    const answers = ['I know.', ...Array.from({ length: 5 }, () => 'I know nothing.')]
    const provider = await connected(
      {
        prices: { m: { input: 5, output: 5 }, n: { input: 1, output: 1 } },
        providers: {
          all: { ...entry, providers: ['first', 'second'], policies: ['breaker'] },
          first: { use, provider: 'a', model: 'm', answers },
          second: { use, provider: 'b', model: 'n' },
        },
      },
      'all',
    )
    const names: string[] = []
    for (let call = 0; call < 4; call++) names.push((await provider.chat('x')).provider)
    if (expected === undefined) expect(names.every((name) => 'ab'.includes(name))).toBe(true)
    else expect(names).toEqual(expected)
  })

  const shared = { cache: { store: 'file:answers.json' } }

  it('keep what they know in a folder, and answers in a file, for all who use the same', async () => {
    const config = {
      shared: './state',
      providers: {
        own: {
          use,
          policies: [
            { budget: { limits: [{ per: 'ever', tokens: 30 }] } },
            { cache: { store: 'file:answers.json' } },
          ],
        },
      },
    }
    const one = await connected(config)
    const ask = { messages: 'x', maxOutputTokens: 10 }
    expect((await one.chat(ask)).cached).toBe(false)
    await one.close()
    const two = await connected(config)
    expect((await two.chat(ask)).cached).toBe('exact')
    await two.chat({ ...ask, maxOutputTokens: 9 })
    expect(await fileState(join(folder, 'state')).get('budget:ever:ever')).toContain('"tokens":4')
  })

  it.each<[string, object]>([
    ['a server that a variable names', { own: { use, baseURL: '${BASE}', policies: [shared] } }],
    [
      'one of several whose server a variable names',
      {
        own: { use: 'route', providers: ['one'], policies: [shared] },
        one: { use, baseURL: '${BASE}' },
      },
    ],
    [
      'a spare of one of several',
      {
        own: { use: 'route', providers: ['one'], policies: [shared] },
        one: { use, fallback: 'two' },
        two: { use, baseURL: '${BASE}' },
      },
    ],
  ])('keep the answers of each server apart in one store: %s', async (_, providers) => {
    const ask = async (base: string) => {
      vi.stubEnv('BASE', base)
      const provider = await connected({ default: 'own', providers })
      const { cached } = await provider.chat('x')
      await provider.close()
      return cached
    }
    expect(await ask('https://a.example')).toBe(false)
    expect(await ask('https://b.example')).toBe(false)
    expect(await ask('https://a.example')).toBe('exact')
  })

  it.skipIf(!hasRedis)('keep all of it in a real Redis', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const config = {
      shared: redis.url,
      providers: {
        own: {
          use,
          policies: [
            { limit: { concurrency: 1 } },
            { budget: { limits: [{ per: 'day', tokens: 1000 }] } },
            'cache',
          ],
        },
      },
    }
    const [one, two] = [await connected(config), await connected(config)]
    await one.chat({ messages: 'x', maxOutputTokens: 10 })
    expect((await two.chat({ messages: 'x', maxOutputTokens: 10 })).cached).toBe('exact')
    const client = await redis.connect()
    const keys = (await client.keys('*')).join(' ')
    for (const name of ['patchbay:{limit:', 'patchbay:{budget}:day', 'patchbay']) expect(keys).toContain(name)
    await Promise.all([one.close(), two.close()])
  })

  // `npm install @keyv/sqlite` compiles SQLite where it has no binary for the machine, so it is not among our own packages.
  const sqlite = process.env.PATCHBAY_SQLITE
  if (!sqlite)
    process.stderr.write(
      'Skipped: answers kept in SQLite. Set PATCHBAY_SQLITE to a folder where @keyv/sqlite is installed.\n',
    )
  it.skipIf(!sqlite)('keep answers in SQLite', async () => {
    symlinkSync(join(sqlite ?? '', 'node_modules'), join(folder, 'node_modules'))
    const store = `sqlite://${join(folder, 'answers.sqlite')}`
    const config = { providers: { own: { use, policies: [{ cache: { store } }] } } }
    const one = await connected(config)
    await one.chat('x')
    await one.close()
    expect((await (await connected(config)).chat('x')).cached).toBe('exact')
  })

  it.skipIf(!hasRedis)('leave the calls to workers of a queue, in the shared Redis', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const running = await worker('answers', mockProvider(), { redis: redis.url })
    onTestFinished(() => running.close())
    const llm = await connected({
      shared: redis.url,
      providers: { far: { use: 'queue', model: 'answers', bound: 8 } },
    })
    expect(await llm.chat('Hello')).toMatchObject({ text: 'Hello', provider: 'queue', model: 'mock-1' })
    await llm.close()
  })

  it.each<[string, object]>([
    ['a policy nobody knows', { policies: ['cash'] }],
    ['an option nobody knows', { policies: [{ cache: { tll: 1 } }] }],
    ['a value that makes no sense', { policies: ['log', { limit: { concurrency: 0 } }] }],
    ['one that needs options', { policies: ['budget'] }],
    ['a limit without an amount', { policies: [{ budget: { limits: [{ per: 'day' }] } }] }],
    ['two in one', { policies: [{ cache: {}, log: {} }] }],
    ['no list', { policies: 'cache' }],
    ['a store nobody knows', { policies: [{ cache: { store: 'ftp://x' } }] }],
    ['an embedder that is not there', { policies: [{ semanticCache: { embedder: 'vectors' } }] }],
    ['one made of nobody', { use: 'route' }],
    ['one made of itself', { use: 'route', providers: ['own'] }],
  ])('wrong: %s', async (_, entry) => {
    write('patchbay.config.json', { providers: { own: { use, ...entry } } })
    expect(await problem(connect(undefined, { cwd: folder }))).toMatchSnapshot()
  })

  it('compact with another provider of the configuration', async () => {
    const llm = await connected({
      default: 'own',
      providers: {
        own: { use, policies: [{ compact: { at: 20, keep: 8, summarizer: 'small' } }] },
        small: { use, model: 'small-1' },
      },
    })
    const { warnings } = await llm.chat(['One of many questions', 'Two', 'Three', 'Four of them', 'Five'])
    expect(warnings).toMatchObject([{ feature: 'compact' }])
    await llm.close()
  })

  it('wrong: a Redis that is not there', async () => {
    write('patchbay.config.json', {
      shared: 'redis://:secret@127.0.0.1:1',
      providers: { own: { use, policies: ['breaker'] } },
    })
    const told = await problem(connect(undefined, { cwd: folder }))
    expect(told).toMatch(/network: The Redis at 127\.0\.0\.1:1 cannot be reached/)
    expect(told).not.toContain('secret')
  })
})

describe('how the gateway serves', () => {
  const hash = `sha256:${'0'.repeat(64)}`
  const read = (config: object) => loadConfig({ config: config as never, user: false })

  it('is read, its variables put in, the environment’s options over the others', async () => {
    vi.stubEnv('GATEWAY_HOST', 'llm.example')
    onTestFinished(() => void vi.unstubAllEnvs())
    const config = {
      gateway: { keys: { ann: { hash } }, hosts: ['${GATEWAY_HOST}'], maxBytes: 1000 },
      env: { production: { gateway: { maxBytes: 2000 } } },
    }
    expect((await loadConfig({ config, user: false, env: 'production' })).gateway).toEqual({
      keys: { ann: { hash } },
      hosts: ['llm.example'],
      maxBytes: 2000,
    })
    expect((await read({})).gateway).toEqual({})
  })

  it.each([
    [{ keyz: {} }, /gateway\.keyz is not an option\..*keys/],
    [{ keys: { ann: {} } }, /keys\.ann.*hash/],
    [{ keys: { ann: { hash: 'pb-secret' } } }, /keys\.ann\.hash/],
    [{ keys: { ann: { hash, limit: { requests: 1 } } } }, /keys\.ann\.limit/],
    [{ keys: { ann: { hash, budget: [{ per: 'week', usd: 1 }] } } }, /keys\.ann\.budget/],
    [{ aliases: { a: 1 } }, /aliases\.a/],
    [{ maxBytes: 0 }, /maxBytes/],
    // A browser sends none of these, so they would match nothing.
    [{ origins: ['https://a.example/'] }, /origins\[0\] must be "https:\/\/a\.example", .* not "https:/],
    [{ origins: ['null', 'HTTPS://A.example:443'] }, /origins\[1\] must be "https:\/\/a\.example"/],
    [{ origins: ['http://a.example:80/app?x=1'] }, /must be "http:\/\/a\.example"/],
    [{ origins: ['https://bücher.example:8443'] }, /must be "https:\/\/xn--bcher-kva\.example:8443"/],
    [{ origins: ['chrome-extension://abc/'] }, /must be "chrome-extension:\/\/abc"/],
    [{ origins: ['a.example:8080'] }, /must be like "https:\/\/app\.example"/],
    [{ origins: ['*'] }, /must be like/],
    [{ origins: ['${ORIGIN:-https://a.example/}'] }, /must be "https:\/\/a\.example"/],
    [{ hosts: ['LLM.example:8787'] }, /hosts\[0\] must be "llm\.example"/],
    [{ hosts: ['https://llm.example'] }, /hosts\[0\] must be/],
  ])('and what is wrong in it is told by its place: %j', async (gateway, message) => {
    await expect(read({ gateway })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(message),
    })
  })

  it('for pages and under names as browsers send them', async () => {
    const web = ['https://a.example', 'http://localhost:5173', 'https://a.example:8443', 'http://[::1]:8080']
    const origins = [...web, 'chrome-extension://abc', 'capacitor://localhost', 'app://obsidian.md', 'null']
    const hosts = ['llm.example', '10.0.0.7', '[fd00::7]']
    expect((await read({ gateway: { origins, hosts } })).gateway).toEqual({ origins, hosts })
  })
})
