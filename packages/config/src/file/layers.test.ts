// Layers: a project's configuration over the user's own.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { backend, eachInItsFolder } from '../../test/folder.js'
import { connect, loadConfig } from '../index.js'

const { at, write, problem } = eachInItsFolder()

const ours = 'https://ours.example/v1'

it.each<[string, object, object]>([
  ['a key', { apiKey: 'sk-mine' }, { baseURL: 'https://stranger.example/v1' }],
  ['headers', { headers: { authorization: 'sk-mine' } }, { baseURL: 'https://stranger.example/v1' }],
  [
    'a key for another address',
    { apiKey: 'sk-mine', baseURL: ours },
    { baseURL: 'https://stranger.example/v1' },
  ],
  ['a key, by a preset', { apiKey: 'sk-mine' }, { preset: 'groq' }],
  [
    'headers beside a key',
    { headers: { cookie: 'sk-mine' } },
    { baseURL: 'https://stranger.example/v1', apiKey: 'theirs' },
  ],
])('%s of the user’s own file does not go to an address that a project names', async (_, mine, project) => {
  write('user/patchbay/config.json', { providers: { mine: { use: 'openai', model: 'm', ...mine } } })
  write('patchbay.config.json', { providers: { mine: { use: 'openai', ...project } } })
  const told = await problem(loadConfig({ cwd: at() }))
  expect(told).toMatch(
    /^config: …\/patchbay.config.json: providers.mine.(baseURL|preset) names a server, and …\/user/,
  )
  expect(told).not.toContain('sk-mine')
})

it.each<[string, object, object]>([
  ['the same address beside the key', { apiKey: 'k', baseURL: ours }, { baseURL: ours }],
  ['everything in one file', {}, { apiKey: 'k', baseURL: ours }],
  ['the address in the user’s file', { baseURL: ours }, { apiKey: 'k' }],
  ['a key, and no address', { apiKey: 'k' }, { model: 'n' }],
])('%s is meant', async (_, mine, project) => {
  write('user/patchbay/config.json', { providers: { mine: { use: 'openai', model: 'm', ...mine } } })
  write('patchbay.config.json', { providers: { mine: { use: 'openai', ...project } } })
  expect((await loadConfig({ cwd: at() })).providers.get('mine')?.entry).toMatchObject({
    ...mine,
    ...project,
  })
})

it('an environment of the same file may name another address for its key', async () => {
  write('patchbay.config.json', {
    providers: { mine: { use: 'openai', model: 'm', apiKey: '${KEY}', baseURL: ours } },
    env: { test: { providers: { mine: { use: 'openai', baseURL: 'http://127.0.0.1:1' } } } },
  })
  const { entry } = (await loadConfig({ cwd: at() })).providers.get('mine') ?? {}
  expect(entry).toMatchObject({ apiKey: '${KEY}', baseURL: 'http://127.0.0.1:1' })
})

it.each([
  'm.gguf',
  './m.gguf',
  'models/m.gguf',
  '../m.gguf',
])('a relative model path, %s, is meant from the file it stands in', async (model) => {
  write('user/patchbay/config.json', {
    providers: { mine: { use: 'local', model, adapters: [{ path: 'a.gguf' }] } },
  })
  write('project/patchbay.config.json', {
    providers: { mine: { use: 'local', parallel: 2 }, own: { use: 'local', model } },
  })
  const from = { cwd: join(at(), 'project') }
  const missing = async (name: string) => {
    const provider = await connect(name, from)
    const told = await problem(provider.chat('x'))
    await provider.close()
    return told
  }
  expect(await missing('mine')).toContain(`${join('…/user/patchbay', model)} does not exist`)
  expect(await missing('own')).toContain(`${join('…/project', model)} does not exist`)
  // Not where the app happens to run.
  const elsewhere = await connect('own', { config: join(at(), 'project/patchbay.config.json'), cwd: '/' })
  expect(await problem(elsewhere.chat('x'))).toContain(`${join('…/project', model)} does not exist`)
  await elsewhere.close()
})

it.each([
  ['json', '{"providers":{"own":{"use":"./backend.mjs","model":"é"}}}'],
  ['yaml', 'providers:\n  own:\n    use: ./backend.mjs\n    model: é\n'],
])('a byte order mark before %s is no part of it', async (kind, text) => {
  write('backend.mjs', backend)
  for (const bytes of [`\ufeff${text}`, Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    writeFileSync(join(at(), `patchbay.config.${kind}`), bytes)
    expect((await connect(undefined, { cwd: at() })).model).toBe('é')
  }
})

it('YAML may merge what it has named', async () => {
  write('backend.mjs', backend)
  write(
    'patchbay.config.yaml',
    'providers:\n  a: &a\n    use: ./backend.mjs\n    model: m\n    headers: { x: "1" }\n  b:\n    <<: *a\n    model: n\n',
  )
  const b = (await connect('b', { cwd: at() })) as unknown as { options: object }
  expect(b.options).toEqual({ model: 'n', headers: { x: '1' } })
})

it.each([
  ['two', { a: ['b'], b: ['a'] }, 'a'],
  ['three', { a: ['c'], c: ['b'], b: ['a', 'c'] }, 'a'],
])('%s spares that name each other end with whoever is well', async (_, spares, first) => {
  const providers = Object.fromEntries(
    Object.entries(spares).map(([name, fallback]) => [
      name,
      name === 'b'
        ? { use: 'local', fallback }
        : {
            use: 'openai',
            model: 'm',
            apiKey: 'k',
            baseURL: 'http://127.0.0.1:9',
            retry: false as const,
            fallback,
          },
    ]),
  )
  const provider = await connect(first, { config: { providers } as never, cwd: at() })
  expect(await provider.chat('What is the capital of France?')).toMatchObject({ provider: 'local' })
  await provider.close()
})

it('each of several that are one another’s spares is asked once, where all of them are down', async () => {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    // A look for what the model can do has none.
    if (body !== '') asked.push((JSON.parse(body) as { model: string }).model)
    response.writeHead(503).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const names = ['a', 'b', 'c', 'd', 'e']
  const providers = Object.fromEntries(
    names.map((name) => [
      name,
      {
        use: 'openai',
        model: name,
        apiKey: 'k',
        baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        retry: false as const,
        fallback: names.filter((other) => other !== name),
      },
    ]),
  )
  // Two that have the same spare, which has one of its own.
  const shared = { p: ['q', 's'], q: 't', s: 't', t: 'a' }
  for (const [name, fallback] of Object.entries(shared))
    Object.assign(providers, { [name]: { ...providers.a, model: name, fallback } })
  const config = { providers: { ...providers, r: { use: 'route', providers: names } } } as never
  const own = await connect('p', { config, cwd: at() })
  await expect(own.chat('Hi')).rejects.toThrow()
  expect(asked.splice(0).sort()).toEqual([...names, ...Object.keys(shared)].sort())
  await own.close()
  for (const first of ['a', 'r']) {
    const provider = await connect(first, { config, cwd: at() })
    await expect(provider.chat('Hi')).rejects.toThrow()
    expect(asked.splice(0)).toEqual(names)
  }
  server.close()
})

it('a spare that cannot be made is told when the configuration is read', async () => {
  write('patchbay.config.json', {
    providers: {
      a: { use: 'openai', model: 'm', fallback: 'b' },
      b: { use: 'openai', model: 'm', apiKey: '${NONE}' },
      c: { use: 'openai', model: 'm', apiKey: '${NOT_A_SPARE}' },
    },
  })
  const { warnings } = await loadConfig({ cwd: at() })
  expect(warnings.map((text) => text.replaceAll(at(), '…'))).toEqual([
    '…/patchbay.config.json: providers.b.apiKey: the variable NONE is not set. The fallback b cannot be used until it is.',
  ])
})
