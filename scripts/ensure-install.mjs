// Installs the dependencies when they are missing or the lockfile has changed since, and does nothing otherwise.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Patchbay needs Node 20.19 or newer; this is ${process.version}.\n`)
  process.exit(1)
}

const wanted = createHash('sha256')
  .update(readFileSync(at('package-lock.json')))
  .digest('hex')
const stamp = at('node_modules/.patchbay-lock')
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''

if (installed !== wanted) {
  process.stderr.write('Installing dependencies (once) ...\n')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: at('.'),
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    // The prebuilt engine comes inside its npm package; its install script would only try to compile another.
    env: { ...process.env, NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true' },
  })
  if (status !== 0) {
    process.stderr.write('npm ci failed; its message is above. Is the npm registry reachable?\n')
    process.exit(status ?? 1)
  }
  prune()
  writeFileSync(stamp, wanted)
}

/** What nothing here uses, more than a hundred megabytes of it. */
function prune() {
  // llama.cpp's sources, for those who compile an engine of their own, and the engine for the other processor.
  const other = process.arch === 'x64' ? 'arm64' : 'x64'
  for (const path of [
    'node-llama-cpp/llama/gitRelease.bundle',
    `@node-llama-cpp/${process.platform}-${other}`,
    // TypeScript sources beside what is built of them.
    'openai/src',
    '@anthropic-ai/sdk/src',
    'zod/src',
    '@langchain/anthropic/node_modules/@anthropic-ai/sdk/src',
    // Tables of tokens, of which LangChain fetches the one it needs; pages of a browser driver that nobody opens here.
    'js-tiktoken/dist/index.cjs',
    'js-tiktoken/dist/index.js',
    'js-tiktoken/dist/ranks',
    'playwright-core/lib/vite',
    'axe-core/locales',
    // A search service that the guide does not use: its own search needs no network.
    '@algolia',
    'algoliasearch',
    '@docsearch/react',
    // What only bundlers read; the check without Node is one, and reads that of the API.
    '@opentelemetry/api/build/esnext',
    ...['core', 'resources', 'sdk-metrics', 'sdk-trace', 'sdk-trace-base', 'semantic-conventions'].flatMap(
      (name) => [`@opentelemetry/${name}/build/esm`, `@opentelemetry/${name}/build/esnext`],
    ),
    // The compiler is the native one; the other is there for its API. Its messages are wanted in one language.
    '@typescript/old/lib/_tsc.js',
    ...['cs', 'de', 'es', 'fr', 'it', 'ja', 'ko', 'pl', 'pt-br', 'ru', 'tr', 'zh-cn', 'zh-tw'].map(
      (language) => `@typescript/old/lib/${language}`,
    ),
  ])
    rmSync(at(`node_modules/${path}`), { force: true, recursive: true })
  for (const path of readdirSync(at('node_modules'), { recursive: true }))
    if (path.endsWith('.map')) rmSync(at(`node_modules/${path}`), { force: true })
}
