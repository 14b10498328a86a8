import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFirstServices } from './first-services.js'
import { at, runProgram } from './run.js'

const france = 'The capital of France is Paris.'
const outputs: Record<string, string> = {
  ask: `${france} stop`,
  stream: `${france} | stop`,
  chat: 'Nice to meet you, Zoe.\nYour name is Zoe.',
  object: 'Ada 37',
  'stream-object': 'Tea true',
  list: 'Lima, Peru\nOslo, Norway',
  tools: 'It is 21 degrees and sunny in Lima. 2',
  approval: 'It is gone.',
  document: 'The total is 698 EUR.',
  rows: '{ negative: 10, positive: 30 }',
  search: 'We are open on Saturday.',
  fallback: `${france} openai`,
  cache: `${france} true`,
  stop: 'one two three  (stopped)',
  errors: 'no such model',
  route: 'true 2',
  server: france,
  swap: france,
  save: 'Your name is Zoe.',
  test: 'passed',
}
const names = Object.keys(outputs)

let services: Awaited<ReturnType<typeof startFirstServices>>
beforeAll(async () => {
  services = await startFirstServices()
})
afterAll(() => services.close())

const namesIn = (folder: string) =>
  readdirSync(at(folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
const linesOf = (path: string) =>
  readFileSync(at(path), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '').length

it('there are twenty, each with its twin in the AI SDK', () => {
  expect(names).toHaveLength(20)
  expect(namesIn('first').sort()).toEqual([...names].sort())
  expect(namesIn('first/ai-sdk').sort()).toEqual([...names].sort())
})

it.each(names)('%s has at most forty lines', (name) => {
  expect(
    readFileSync(at(`first/${name}.ts`), 'utf8')
      .trimEnd()
      .split('\n').length,
  ).toBeLessThanOrEqual(40)
})

describe('each runs', () => {
  it.each(names)('%s, as an ES module and as CommonJS', async (name) => {
    const before = services.refused.length
    const run = async (format: 'esm' | 'cjs') =>
      expect((await runProgram(at(`first/${name}.ts`), services.env, at('.'), format)).trimEnd()).toBe(
        outputs[name],
      )
    await Promise.all([run('esm'), run('cjs')])
    expect(services.refused.slice(before)).toEqual([])
  })

  it.each(names)('%s, with the AI SDK', async (name) => {
    const before = services.refused.length
    expect((await runProgram(at(`first/ai-sdk/${name}.ts`), services.env)).trimEnd()).toBe(outputs[name])
    expect(services.refused.slice(before)).toEqual([])
  })
})

it('the guide says how many lines each has', () => {
  const page = readFileSync(at('../docs/migrate/ai-sdk.md'), 'utf8')
  const rows = [...page.matchAll(/^\| .*`([\w-]+)\.ts` \| (\d+) \| (\d+) \|$/gm)].map(
    ([, name = '', ours, theirs]) => [name, [Number(ours), Number(theirs)]],
  )
  const counted = names.map((name): [string, [number, number]] => [
    name,
    [linesOf(`first/${name}.ts`), linesOf(`first/ai-sdk/${name}.ts`)],
  ])
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(counted))
  const [, ours, theirs] = /^\| \*\*all twenty\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\* \|$/m.exec(page) ?? []
  const sum = (side: 0 | 1) => counted.reduce((total, [, lines]) => total + lines[side], 0)
  expect([Number(ours), Number(theirs)]).toEqual([sum(0), sum(1)])
})
