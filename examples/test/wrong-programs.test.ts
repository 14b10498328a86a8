// Wrong programs do not compile, and the first line of the compiler's message names what is wrong. Names complete in an editor.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../.cache/programs/', import.meta.url))
const imports = `import { claude } from '@patchbay/claude'
import { generateObject, jsonSchema, type Provider, runTools, streamObject, tool, type ToolContext } from '@patchbay/core'
import { local } from '@patchbay/local'
import { openai } from '@patchbay/openai'
import { limit, pipe } from '@patchbay/policies'
import * as z from 'zod'
export const used = [claude, generateObject, jsonSchema, runTools, streamObject, tool, local, openai, limit, pipe, z]
export type Used = ToolContext
declare const llm: Provider
const weather = tool({ name: 'weather', input: z.object({ city: z.string() }), run: ({ city }) => ({ city, degrees: 20 }) })
const mail = tool({ name: 'mail', input: z.object({}), run: (_, { context }: ToolContext<{ user: string }>) => context.user })
export const tools = [weather, mail];
`

/** What the program does wrong, the program, and what the first line of the message must contain. */
const wrong: [what: string, program: string, line: RegExp][] = [
  [
    'an option with a typing error',
    `void llm.chat({ messages: 'x', temprature: 1 })`,
    /'temprature' does not exist/,
  ],
  [
    'a signal in the request',
    `void llm.chat({ messages: 'x', signal: AbortSignal.abort() })`,
    /'signal' does not exist/,
  ],
  [
    'a request option in the call options',
    `void llm.chat('x', { temperature: 1 })`,
    /'temperature' does not exist in type 'CallOptions'/,
  ],
  [
    'a misspelled option of a factory',
    `claude('m', { baseUrl: 'x' })`,
    /'baseUrl' does not exist.*'?baseURL/,
  ],
  ['a misspelled option of a policy', `limit(llm, { concurency: 3 })`, /concurency/],
  [
    'a misspelled option of a run',
    `runTools(llm, { messages: 'x', tools: [weather] }, { maxStep: 3 })`,
    /'maxStep' does not exist.*'?maxSteps/,
  ],
  [
    'a misspelled option of output',
    `void llm.chat({ messages: 'x', output: { schema: z.object({}), strct: true } })`,
    /'strct' does not exist/,
  ],
  ['a role that does not exist', `void llm.chat([{ role: 'robot', content: 'x' }])`, /"robot"/],
  [
    'no media type',
    `void llm.chat([{ role: 'user', content: [{ type: 'image', data: 'AAAA' }] }])`,
    /'\{ type: "image"; data: string; \}' is not assignable/,
  ],
  [
    'tools as an object',
    `void llm.chat({ messages: 'x', tools: { weather } })`,
    /'weather' does not exist|weather/,
  ],
  [
    "the AI SDK's names of a tool",
    `tool({ name: 'x', inputSchema: z.object({}), execute: () => '' })`,
    /inputSchema|input/,
  ],
  [
    'a tool with a space in its name',
    `tool({ name: 'my tool', input: z.object({}), run: () => '' })`,
    /a tool name has 1 to 64 letters/,
  ],
  [
    'a tool whose input is a text',
    `tool({ name: 'x', input: z.string(), run: () => '' })`,
    /the input of a tool is an object/,
  ],
  [
    'a tool that returns a Map',
    `tool({ name: 'x', input: z.object({}), run: () => new Map() })`,
    /run returns text, parts, or a value that JSON can represent/,
  ],
  [
    'a property that the input does not have',
    `tool({ name: 'x', input: z.object({ city: z.string() }), run: ({ town }) => town })`,
    /'town' does not exist/,
  ],
  [
    'a choice of a tool that is not offered',
    `void llm.chat({ messages: 'x', tools: [weather], toolChoice: { name: 'wether' } })`,
    /"wether".*"weather"/,
  ],
  [
    'a result of a tool, misspelled',
    `for (const r of (await runTools(llm, { messages: 'x', tools: [weather] })).toolResults) if (!r.isError) r.value.degree`,
    /'degree' does not exist.*'degrees'/,
  ],
  [
    'the output of a chat, misspelled',
    `(await llm.chat({ messages: 'x', output: { schema: z.object({ name: z.string() }) } })).output?.nam`,
    /'nam' does not exist.*'name'/,
  ],
  [
    'an object, misspelled',
    `(await generateObject(llm, z.object({ name: z.string() }), 'x')).object.nam`,
    /'nam' does not exist.*'name'/,
  ],
  [
    'a value of jsonSchema, misspelled',
    `(await generateObject(llm, jsonSchema<{ name: string }>({}), 'x')).object.nam`,
    /'nam' does not exist/,
  ],
  [
    'a transformed value that is not there yet',
    `for await (const part of streamObject(llm, z.object({ at: z.string().transform((text) => new Date(text)) }), 'x')) part.at?.getTime()`,
    /'getTime' does not exist on type 'string'/,
  ],
  [
    'a context that a tool expects',
    `runTools(llm, { messages: 'x', tools: [mail] }, { context: { usr: 'ada' } })`,
    /'usr' does not exist.*'?user/,
  ],
  ['no context', `runTools(llm, { messages: 'x', tools: [mail] }, {})`, /context/],
  ['a response that is not awaited', `llm.chat('x').text`, /'text' does not exist on type 'Promise/],
]

/** Right programs, also with the strictest options of the compiler. */
const right: [what: string, program: string][] = [
  [
    'values of the environment',
    `claude('claude-opus-5', { apiKey: process.env.KEY, baseURL: process.env.URL })\nopenai('m', { apiKey: process.env.KEY })\nlocal({ model: process.env.MODEL })`,
  ],
  [
    'options that may be undefined',
    `const t: number | undefined = process.env.T ? 1 : undefined\nvoid llm.chat({ messages: 'x', temperature: t, system: process.env.S }, { timeout: t, signal: undefined })`,
  ],
  ['a model that we do not know', `claude('claude-of-tomorrow')\nopenai('anything')`],
  [
    'a field that we do not know',
    `void llm.chat({ messages: 'x', providerOptions: { claude: { next_years_field: 1 }, 'my-own': { a: 1 } } })`,
  ],
  ['a context', `runTools(llm, { messages: 'x', tools: [mail, weather] }, { context: { user: 'ada' } })`],
  ['policies in a pipe', `pipe(llm, limit({ concurrency: 3 }))`],
]

const tsc = join(
  dirname(createRequire(import.meta.url).resolve('@typescript/native/package.json')),
  'bin/tsc',
)
const config = {
  extends: '../../../tsconfig.base.json',
  compilerOptions: { types: ['node'], lib: ['ES2023', 'ESNext.Disposable', 'ES2024.String'] },
  include: ['*.ts'],
}
const messages = new Map<string, string[]>()

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [index, [, program]] of wrong.entries())
    writeFileSync(`${folder}wrong-${index}.ts`, `${imports}${program}\n`)
  for (const [index, [, program]] of right.entries())
    writeFileSync(`${folder}right-${index}.ts`, `${imports}${program}\n`)
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify(config))
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
  })
  for (const line of stdout.split('\n')) {
    const [, file, text] = /([\w-]+\.ts)\(\d+,\d+\): (error .*)$/.exec(line) ?? []
    if (file !== undefined) messages.set(file, [...(messages.get(file) ?? []), text ?? ''])
  }
  expect(stdout).toContain('wrong-0.ts')
})

it.each(
  wrong.map(([what, , line], index) => [what, index, line] as const),
)('%s does not compile', (_, index, line) => {
  const [first = 'it compiles'] = messages.get(`wrong-${index}.ts`) ?? []
  expect(first).toMatch(line)
})

it.each(right.map(([what], index) => [what, index] as const))('%s compile', (_, index) => {
  expect(messages.get(`right-${index}.ts`) ?? []).toEqual([])
})

it('names of models, fields of providerOptions and names of tools complete in an editor', () => {
  const places: [program: string, offered: string][] = [
    [`claude('|')`, 'claude-opus-5'],
    [`openai('|')`, 'gpt-5.6-sol'],
    [`void llm.chat({ messages: 'x', providerOptions: { | } })`, 'claude'],
    [`void llm.chat({ messages: 'x', providerOptions: { claude: { | } } })`, 'service_tier'],
    [`void llm.chat({ messages: 'x', providerOptions: { openai: { | } } })`, 'prompt_cache_key'],
    [`void llm.chat({ messages: 'x', tools: [weather], toolChoice: { name: '|' } })`, 'weather'],
  ]
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, extends: join(folder, config.extends) },
    ts.sys,
    folder,
  )
  const files = new Map(
    places.map(([program], index) => [`${folder}editor-${index}.ts`, imports + program.replace('|', '')]),
  )
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...files.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = files.get(name) ?? ts.sys.readFile(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (one) => ts.getDefaultLibFilePath(one),
    fileExists: (name) => files.has(name) || ts.sys.fileExists(name),
    readFile: (name) => files.get(name) ?? ts.sys.readFile(name),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  })
  for (const [index, [program, offered]] of places.entries()) {
    const position = imports.length + program.indexOf('|')
    const found = service.getCompletionsAtPosition(`${folder}editor-${index}.ts`, position, {})
    expect(
      found?.entries.map(({ name }) => name),
      program,
    ).toContain(offered)
  }
})
