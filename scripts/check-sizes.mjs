// The promises about size and start: what a bundle of core weighs, and how long importing it takes.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const core = fileURLToPath(new URL('../packages/core/dist/index.js', import.meta.url))
const limits = { kilobytes: 8, importMs: 15 }

// What an app loads at the start: the entry and what it imports statically. What is imported on demand comes later.
const { outputFiles, metafile } = await build({
  entryPoints: [core],
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  outdir: 'out',
  write: false,
  metafile: true,
  logLevel: 'error',
})
const entry = Object.keys(metafile.outputs).find((name) =>
  metafile.outputs[name].entryPoint?.endsWith('dist/index.js'),
)
const wanted = new Set([entry])
for (const name of wanted)
  for (const { path, kind } of metafile.outputs[name].imports)
    if (kind === 'import-statement') wanted.add(path)
const texts = outputFiles
  .filter(({ path }) => [...wanted].some((name) => path.endsWith(name)))
  .map(({ text }) => text)
const kilobytes = gzipSync(texts.join(''), { level: 9 }).length / 1000

const times = Array.from({ length: 11 }, () => {
  const code = `const t = performance.now(); await import(${JSON.stringify(core)}); process.stdout.write(String(performance.now() - t))`
  return Number(spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stdout)
}).sort((a, b) => a - b)
// The best of them: the others measure what else the machine was doing.
const importMs = times[0]

process.stdout.write(
  `core: ${kilobytes.toFixed(2)} KB min+gzip (limit ${limits.kilobytes}), imported in ${importMs.toFixed(1)} ms (limit ${limits.importMs})\n`,
)
if (kilobytes >= limits.kilobytes || importMs >= limits.importMs) process.exit(1)
