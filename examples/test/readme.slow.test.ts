// Every code block of every README and of the guide is type-checked and run, and prints what the block after it says.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { hasRedis } from '../../packages/policies/test/redis.js'
import { at, runProgram, runShell } from './run.js'
import { type Services, startServices } from './services.js'

interface Block {
  language: string
  code: string
  /** What a `text` block right after it promises. */
  output?: string
}

const root = at('..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'examples/README.md',
  'benchmarks/README.md',
  ...['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  ),
  'packages/core/errors.md',
  ...['.', 'backends', 'interop', 'migrate'].flatMap((folder) =>
    readdirSync(join(root, 'docs', folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', folder, name)),
  ),
]

function blocksOf(page: string): Block[] {
  const markdown = readFileSync(join(root, page), 'utf8')
  const blocks = [...markdown.matchAll(/^```(\S*[^\n]*)\n(.*?)^```$/gms)].map(
    ([, language = '', code = '']) => ({ language, code }),
  )
  return blocks.flatMap((block, index): Block[] => {
    if (block.language === 'text') return []
    const next = blocks[index + 1]
    return [{ ...block, ...(next?.language === 'text' && { output: next.code }) }]
  })
}

const snippets = pages.flatMap((page) =>
  blocksOf(page).map((block, index) => ({ page, name: `${page} ${index + 1}`, ...block })),
)
const programs = snippets
  .filter(({ language }) => language.startsWith('ts'))
  .map((snippet) => ({
    ...snippet,
    file: at(
      `.cache/snippets/${snippet.name.replace(/[^\w]+/g, '-')}${snippet.language === 'ts test' ? '.test' : ''}.ts`,
    ),
  }))
const shells = snippets.filter(({ language }) => language === 'sh')

let services: Services
beforeAll(async () => {
  services = await startServices()
  rmSync(at('.cache/snippets'), { recursive: true, force: true })
  mkdirSync(at('.cache/snippets'), { recursive: true })
  for (const { file, code } of programs) writeFileSync(file, code)
  writeFileSync(
    at('.cache/snippets/vitest.config.ts'),
    "export default { test: { include: ['*.test.ts'] } }\n",
  )
})
afterAll(() => services.close())

it('knows what to do with every block', () => {
  expect(new Set(snippets.map(({ language }) => language))).toEqual(
    // `theirs` is what other programs read.
    new Set(['ts', 'ts test', 'sh', 'yaml', 'json', 'yaml theirs', 'python theirs']),
  )
  expect(programs.length).toBeGreaterThan(60)
})

it.each([
  // From the sources, and from the built packages with the types of a browser, as in most apps.
  ['alone', {}],
  [
    'with lib dom',
    {
      customConditions: [],
      lib: ['ES2023', 'ESNext.Disposable', 'ES2024.String', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    },
  ],
])('programs are right for the compiler, %s', (_, compilerOptions) => {
  writeFileSync(
    at('.cache/snippets/tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  )
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', at('.cache/snippets/tsconfig.json')], {
    encoding: 'utf8',
  })
  expect(`${stdout}${status}`).toBe('0')
})

describe('programs', () => {
  const runnable = programs.filter(({ page }) => hasRedis || page !== 'packages/queue/README.md')
  it.each(runnable.filter(({ language }) => language === 'ts'))('$name', async ({ file, output }) => {
    const said = await runProgram(file, services.env)
    expect(output, 'a program needs a text block after it').toBeDefined()
    expect(said.trimEnd()).toBe(output?.trimEnd())
  })
})

describe('tests', () => {
  it.each(programs.filter(({ language }) => language === 'ts test'))('$name', ({ file }) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const said = execFileSync(process.execPath, [vitest, 'run', file], {
      cwd: at('.cache/snippets'),
      encoding: 'utf8',
      stdio: 'pipe',
    })
    expect(said).toMatch(/Tests .*passed/)
  })
})

describe('configurations', () => {
  // All in YAML and JSON are: YAML reads both.
  it.each(snippets.filter(({ language }) => language === 'yaml' || language === 'json'))('$name', async ({
    code,
  }) => {
    const { providers, warnings } = await loadConfig({ config: parse(code), user: false })
    expect(warnings).toEqual([])
    expect(providers.size).toBeGreaterThan(0)
  })
})

describe('commands', () => {
  // What the tests are part of, or what needs a registry.
  const elsewhere = /^(npm (start|test|install|run bench)\b.*|npx @patchbay\/.*)$/
  const lines = shells.flatMap(({ page, code, output }) =>
    code
      .trim()
      .split('\n')
      .map((line) => ({ page, line, output })),
  )

  it.each(lines.filter(({ line }) => !elsewhere.test(line)))('$page: $line', async ({
    page,
    line,
    output,
  }) => {
    expect(line).toMatch(/\bpatchbay\b/)
    const said = await runShell(line, dirname(join(root, page)))
    expect(said).not.toBe('')
    if (output !== undefined) expect(said).toBe(output)
  })

  it.each(
    lines.filter(({ line, output }) => line.startsWith('npm start --') && output !== undefined),
  )('$line, as the command it starts', async ({ line, output }) => {
    expect(await runShell(line.replace('npm start --', 'patchbay ask'), root)).toBe(output)
  })
})
