// Checks that the remote backends and policies run without Node: each is bundled for the browser with its SDK (an import of
// Node fails), and streams an answer in Edge Runtime and, if installed, in Chromium.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import { expected, standIn, ways } from './stand-in.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = '<!doctype html><link rel="icon" href="data:,"><title>stand-in</title>'
const { baseURL, close } = await standIn({ '/': page })

const bundled = async (name, call) => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from '@patchbay/${name}'
        import { breaker, fallback, pipe, priced } from '@patchbay/policies'
        globalThis.answer = async () => {
          const provider = pipe(fallback([${call}]), (one) => breaker(one), (one) => priced(one))
          let text = ''
          for await (const piece of provider.stream('Hi').text) text += piece
          return text + '|' + (await provider.chat('Hi')).text
        }`,
      resolveDir: `${root}/packages/config`,
    },
    alias: Object.fromEntries(
      [name, 'policies'].map((one) => [`@patchbay/${one}`, `${root}/packages/${one}/dist/index.js`]),
    ),
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0].text
}

/** Who can run it, and how. */
const worlds = [
  [
    'Edge Runtime',
    (code) => {
      // The hosts that run it give `process.env` (Vercel, Edge Runtime, supported APIs, 2025); openai 6 looks for `process`.
      const world = new EdgeVM({ extend: (context) => Object.assign(context, { process: { env: {} } }) })
      world.evaluate(code)
      return world.evaluate('globalThis.answer()')
    },
  ],
]

const command = [process.env.PATCHBAY_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => name && spawnSync(name, ['--version']).status === 0,
)
let browser
if (command === undefined) {
  process.stdout.write('skip  Chromium: there is none (apt install chromium, or PATCHBAY_CHROMIUM=path)\n')
} else {
  const { chromium } = createRequire(`${root}/apps/gateway/package.json`)('playwright-core')
  browser = await chromium.launch({
    executablePath: spawnSync('which', [command], { encoding: 'utf8' }).stdout.trim(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
  worlds.push([
    'Chromium',
    async (code) => {
      const tab = await browser.newPage()
      await tab.goto(baseURL)
      await tab.evaluate(code)
      return tab.evaluate('globalThis.answer()').finally(() => tab.close())
    },
  ])
}

let failed = false
for (const [name, call] of ways(baseURL)) {
  const code = await bundled(name, call)
  for (const [world, run] of worlds) {
    const outcome = await Promise.resolve(run(code)).catch((error) => error)
    const fine = outcome === expected
    failed ||= !fine
    process.stdout.write(
      `${fine ? 'ok  ' : 'FAIL'}  ${world}: ${call.replace(baseURL, '…')}${fine ? '' : `: ${outcome?.stack ?? outcome}`}\n`,
    )
  }
}
await browser?.close()
close()
process.exit(failed ? 1 : 0)
