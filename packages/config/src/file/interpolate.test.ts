// Environment variables in configurations, through what a provider is made with.
import { expect, it, vi } from 'vitest'
import { backend, eachInItsFolder } from '../../test/folder.js'
import { connect, loadConfig } from '../index.js'
import { resolveValue } from './check.js'
import { backendOptions } from './entry-schema.js'

const { at, write, problem } = eachInItsFolder()

const made = async (options: object) => {
  write('backend.mjs', backend)
  write('patchbay.config.json', { providers: { own: { use: './backend.mjs', ...options } } })
  const provider = await connect('own', { cwd: at() })
  return (provider as unknown as { options: Record<string, unknown> }).options
}

it.each<[string, string, Record<string, string>]>([
  ['${A}', 'a', { A: 'a' }],
  ['x-${A}-y', 'x-a-y', { A: 'a' }],
  ['${A:-b}', 'b', {}],
  ['${A:-b}', 'b', { A: '' }],
  ['${A:-}', '', {}],
  ['${A:-${B}}', 'b', { B: 'b' }],
  ['${A:-${B:-c}}', 'c', {}],
  ['${A:-x${B}y}z', 'xbyz', { B: 'b' }],
  ['${A:-${NOT_NEEDED}}', 'a', { A: 'a' }],
  ['$${A}', '${A}', { A: 'a' }],
  ['$${A} ${A}', '${A} a', { A: 'a' }],
  ['${A:-$${B}}', '${B}', {}],
  ['$5 and {x}', '$5 and {x}', {}],
  // What a variable holds is nobody's text to fill in.
  ['${A}', '${B}', { A: '${B}', B: 'b' }],
])('%s is %s, with %o', async (text, filled, variables) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  expect(await made({ region: text })).toEqual({ region: filled })
})

it.each([
  '${A',
  '${}',
  '${A-B}',
  '${ A }',
  '${A.b}',
  'key-${sk secret',
])('%s does not start a variable: refused, its text not told', async (text) => {
  vi.stubEnv('A', 'a')
  const told = await problem(made({ region: text }))
  expect(told).toContain('providers.own.region: a "${" does not start a variable')
  expect(told).not.toContain('secret')
})

it('a variable may stand wherever a value can', async () => {
  const variables = {
    WAIT: '300',
    RETRY: 'false',
    TRIES: '{"retries":1}',
    HEADERS: '{"x-a":"1"}',
    WARM: '0.5',
    KEY: '12345',
    MODEL: '7',
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const own = {
    model: '${MODEL}',
    timeout: { total: '${WAIT}', idle: '${IDLE:-20}' },
    headers: '${HEADERS}',
    defaults: { temperature: '${WARM}', system: '${KEY}' },
  }
  expect(await made({ ...own, retry: '${RETRY}' })).toEqual({
    model: '7',
    timeout: { total: 300, idle: 20 },
    headers: { 'x-a': '1' },
    retry: false,
    defaults: { temperature: 0.5, system: '12345' },
  })
  expect(await made({ retry: '${TRIES}' })).toEqual({ retry: { retries: 1 } })
  write('patchbay.config.json', {
    gateway: { drain: '${WAIT}', playground: '${RETRY}', origins: '${LIST:-["app://a"]}' },
  })
  expect((await loadConfig({ cwd: at() })).gateway).toEqual({
    drain: 300,
    playground: false,
    origins: ['app://a'],
  })
})

it.each([
  ['gpu', 'false', false],
  ['gpu', 'cuda', 'cuda'],
  ['cacheDir', 'false', false],
  ['cacheDir', './models', './models'],
  ['keepPrefixes', 'true', true],
  ['keepAlive', '5m', '5m'],
  ['keepAlive', '60000', 60_000],
])('%s: a variable that holds %s is %s', (option, text, value) => {
  vi.stubEnv('IT', text)
  expect(resolveValue('${IT}', backendOptions.local?.[option], 'file', option)).toBe(value)
})

it('what a variable holds is checked as if it were written down', async () => {
  vi.stubEnv('WAIT', 'long')
  expect(await problem(made({ timeout: '${WAIT}' }))).toMatchInlineSnapshot(
    `"config: …/patchbay.config.json: providers.own.timeout must be number or object."`,
  )
  expect(await problem(made({ timeout: '300' }))).toMatchInlineSnapshot(
    `"config: …/patchbay.config.json: providers.own.timeout must be number or object."`,
  )
  vi.stubEnv('WAIT', '-1')
  expect(await problem(made({ policies: [{ limit: { concurrency: '${WAIT}' } }] }))).toMatchInlineSnapshot(
    `"config: …/patchbay.config.json: providers.own.policies[0].limit.concurrency must be at least 1."`,
  )
})

it('mistakes beside a variable that is not set are told when the file is read', async () => {
  write('patchbay.config.json', { providers: { a: { use: 'claude', apiKey: '${NONE}', timeout: 'x' } } })
  expect(await problem(loadConfig({ cwd: at() }))).toContain('providers.a.timeout must be')
})

it('policies and spares take variables too', async () => {
  vi.stubEnv('MANY', '3')
  vi.stubEnv('SPARE', 'other')
  write('backend.mjs', backend)
  write('patchbay.config.json', {
    default: '${WHO:-own}',
    providers: {
      own: {
        use: './backend.mjs',
        policies: [{ limit: { concurrency: '${MANY}' } }],
        fallback: ['${SPARE}'],
      },
      other: { use: './backend.mjs', model: 'o' },
    },
  })
  const provider = await connect(undefined, { cwd: at() })
  expect(provider.provider).toBe('own')
  await provider.close()
})

it('lists of policies and of spares come from a variable as a whole, too', async () => {
  vi.stubEnv('SPARES', '["other", "third"]')
  vi.stubEnv('POLICIES', '[{"limit":{"concurrency":1}}]')
  vi.stubEnv('POLICY', '{"cache":{}}')
  write('backend.mjs', backend)
  write('patchbay.config.json', {
    providers: {
      own: { use: './backend.mjs', policies: '${POLICIES}', fallback: '${SPARES}' },
      second: {
        use: './backend.mjs',
        policies: ['${NONE:-cache}', '${POLICY}', '${UNSET_YET:-${POLICY}}'],
        fallback: '${NONE:-other}',
      },
      none: { use: './backend.mjs', policies: '${NONE:-[]}' },
      unset: { use: './backend.mjs', policies: '${NONE}' },
      other: { use: './backend.mjs' },
      third: { use: './backend.mjs', model: '${NONE}' },
    },
  })
  const { warnings } = await loadConfig({ cwd: at() })
  expect(warnings).toEqual([expect.stringContaining('The fallback third cannot be used')])
  for (const name of ['own', 'second', 'none']) await (await connect(name, { cwd: at() })).close()
  expect(await problem(connect('unset', { cwd: at() }))).toContain('the variable NONE is not set')
  vi.stubEnv('POLICIES', '["cach"]')
  expect(await problem(loadConfig({ cwd: at() }))).toContain('There is no policy "cach". Did you mean')
})

it.each([
  ['${constructor}', /the variable constructor is not set/],
  ['${__proto__}', /the variable __proto__ is not set/],
  ['${toString:-m}', 'm'],
  ['${SET:-{}}', 'set'],
  ['${NONE:-{}}', '{}'],
  ['${NONE:-{}', '{'],
  ['${NONE:-{"a":{"b":1}}}!', '{"a":{"b":1}}!'],
  ['${NONE:-{${SET}}}', '{set}'],
])('%s is read as it stands', async (model, expected) => {
  vi.stubEnv('SET', 'set')
  if (typeof expected === 'string') expect((await made({ model })).model).toBe(expected)
  else expect(await problem(made({ model }))).toMatch(expected)
})
