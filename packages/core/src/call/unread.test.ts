// A stream or run that nobody reads is reported, whoever made it; nothing else is. In real processes, with the packages as an app has them.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const app = mkdtempSync(join(tmpdir(), 'unread-'))
afterAll(() => rmSync(app, { recursive: true, force: true }))
beforeAll(async () => {
  const from = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../${path}`, import.meta.url)))
  const contents = `
    export * from ${from('core/src/index.ts')}
    export * from ${from('policies/src/index.ts')}
    export { map } from ${from('core/src/operations/map.ts')}
    export { toTextResponse } from ${from('core/src/http/index.ts')}
    export { mockProvider } from ${from('testing/src/mock.ts')}`
  const outdir = join(app, 'node_modules/@patchbay/all')
  mkdirSync(outdir, { recursive: true })
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../../policies', import.meta.url)) },
    ...{ outdir, bundle: true, splitting: true, format: 'esm', platform: 'node' },
    ...{
      conditions: ['@patchbay/source'],
      external: ['compromise', 'redis'],
      outExtension: { '.js': '.mjs' },
    },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  })
}, 60_000)

/** The warnings of a program that ends by itself. */
function warningsOf(body: string, ...flags: string[]): string[] {
  const file = join(app, 'app.mjs')
  writeFileSync(
    file,
    `import * as all from './node_modules/@patchbay/all/stdin.mjs'
const { mockProvider, runTools, streamObject, streamElements, generateObject, map, toTextResponse } = all
const { pipe, cache, limit, breaker, mask, fallback, hedge, cascade, loadBalance, guard } = all
process.on('warning', ({ code, message }) => console.log('WARNING ' + code + ' ' + message))
const llm = mockProvider({ answers: Array(50).fill('{"a":1}') })
const later = () => new Promise(setImmediate)
${body}
console.log('done')`,
  )
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--no-warnings', ...flags, file], {
    encoding: 'utf8',
  })
  expect({ stderr, status, done: stdout.includes('done') }).toEqual({ stderr: '', status: 0, done: true })
  return stdout.split('\n').filter((line) => line.startsWith('WARNING'))
}

it('one that is read later is not held, although its own options lead to it', () => {
  const warnings = warningsOf(
    `const made = []
const ask = async (wrapped) => {
  const held = {}
  held.stream = wrapped.stream('x', { onStatus: () => held.stream })
  made.push(new WeakRef(held.stream))
  await later()
  await later()
  await held.stream.response()
}
for (let at = 0; at < 20; at++) await ask(llm)
for (let at = 0; at < 20; at++) await ask(fallback([llm]))
const held = () => made.filter((one) => one.deref() !== undefined).length
for (let tries = 0; tries < 200 && held() > 4; tries++) { await new Promise((done) => setTimeout(done, 5)); gc() }
if (held() > 4) throw new Error(held() + ' are held')`,
    '--expose-gc',
  )
  expect(warnings).toEqual([])
})

describe('one that is never read is reported', () => {
  it.each([
    ["llm.stream('x')", /mock.*never read.*stream\.response\(\)/],
    ["llm.stream('x').text", /never read/],
    ["runTools(llm, 'x')", /never read.*run\.result\(\)/],
    ["streamObject(llm, { type: 'object' }, 'x')", /never read/],
    ["streamElements(llm, { type: 'object' }, 'x')", /never read/],
    ["cache(llm).stream('x')", /never read/],
    ["pipe(llm, cache(), limit({ concurrency: 1 }), breaker()).stream('x')", /never read/],
    ["fallback([llm, cache(llm)]).stream('x')", /never read/],
    ["runTools(cache(llm), 'x')", /never read/],
    ["map(['x'], (row) => llm.chat(row))", /map were never read/],
  ])('%s', (code, said) => {
    const warnings = warningsOf(`${code}\nawait later()`)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(said)
    expect(warnings[0]).toMatch(/^WARNING PATCHBAY_UNREAD /)
    // The line of the app, not one of ours. A stream has none.
    if (!code.includes('stream(')) expect(warnings[0]).toMatch(/ Made at .*app\.mjs:7:\d+\)?$/)
  })

  it('once for each line, however often, and in an app that goes on', () => {
    const warnings = warningsOf(
      `const forget = () => { llm.stream('x') }
for (let at = 0; at < 20; at++) forget()
const other = () => { runTools(llm, 'x') }
other()
let seen = 0
process.on('warning', () => seen++)
while (seen < 2) { await new Promise((done) => setTimeout(done, 5)); gc() }`,
      '--expose-gc',
    )
    expect(warnings).toHaveLength(2)
  })
})

describe('what is read, or not wanted any more, is not', () => {
  it.each([
    "await llm.chat('x')",
    "for await (const _ of llm.stream('x'));",
    "for await (const _ of llm.stream('x')) break",
    "for await (const _ of llm.stream('x').text);",
    "const stream = llm.stream('x'); await later(); await stream.response()",
    "const run = runTools(llm, 'x'); await later(); for await (const _ of run);",
    "const stream = llm.stream('x'); await later(); stream.abort()",
    "const stop = new AbortController(); const stream = llm.stream('x', { signal: stop.signal }); await later(); stop.abort()",
    "const stop = new AbortController(); cache(llm).stream('x', { signal: stop.signal }); await later(); stop.abort()",
    "const stop = new AbortController(); runTools(llm, 'x', { signal: stop.signal }); await later(); stop.abort()",
    "llm.stream('x')[Symbol.asyncIterator]().return(); await later()",
    "await runTools(llm, 'x')",
    "runTools(llm, 'x').result().catch(() => {}); await later()",
    "await generateObject(llm, { type: 'object' }, 'x')",
    "const run = streamObject(llm, { type: 'object' }, 'x'); for await (const _ of run); await run.result()",
    "await toTextResponse(llm.stream('x')).text()",
    "const response = toTextResponse(llm.stream('x')); await later(); await response.body.cancel()",
    "await map(['x', 'y'], (row) => llm.chat(row))",
    "for await (const _ of map(['x', 'y'], async (row) => llm.stream(row).response())) break",
    "await pipe(llm, cache(), limit({ concurrency: 1 }), breaker(), mask()).stream('x').response()",
    "for await (const _ of pipe(llm, cache(), limit({ concurrency: 1 }), breaker(), mask()).stream('x'));",
    "const kept = cache(llm); await kept.chat('x'); await kept.chat('x'); await Promise.all([kept.chat('y'), kept.chat('y')])",
    "const bad = mockProvider({ answers: [new Error('no'), new Error('no')] }); await fallback([bad, llm]).chat('x'); for await (const _ of fallback([bad, llm]).stream('x'));",
    "await hedge([llm, mockProvider({ answers: ['x'] })], { delay: 0 }).chat('x')",
    "for await (const _ of hedge([llm, mockProvider({ answers: ['x'] })], { delay: 0 }).stream('x')) break",
    "await cascade([llm, llm], { accept: () => false }).chat('x')",
    "await loadBalance([llm, llm]).chat('x')",
    "await guard(llm, { input: [() => 'no'] }).chat('x').catch(() => {})",
    "await guard(llm, { output: [() => 'no'] }).stream('x').response().catch(() => {})",
    "await llm.close(); await llm.chat('x').catch(() => {})",
  ])('%s', (code) => {
    expect(
      warningsOf(`${code}\nfor (let at = 0; at < 3; at++) { await later(); gc() }`, '--expose-gc'),
    ).toEqual([])
  })
})
