// Packs each package, looks at it with publint and attw, and installs it alone into an empty project, where it must
// work as an ES module, in CommonJS, and for TypeScript in both.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const root = fileURLToPath(new URL('..', import.meta.url))
const rootPackage = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'patchbay-packages-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

const run = (command, args, options = {}) => {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    ...options,
  })
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')}\n${result.stdout ?? ''}${result.stderr ?? result.error ?? ''}`,
    )
  return result.stdout
}

/** What each package must do, once installed alone. */
const uses = {
  core: {
    code: `const provider = defineProvider({ provider: 'own', model: 'm', capabilities: () => ({ tools: false, vision: false, files: false, audio: false, json: false, reasoning: false, embed: false }), async *chat() { yield { type: 'text', text: 'hi' }; yield { type: 'finish', response: { finishReason: 'stop', usage: {} } } } })
provider.chat('x').then(({ text }) => { if (text !== 'hi') throw new Error(text) })`,
    names: ['defineProvider'],
  },
  claude: {
    code: `const llm = claude('claude-x', { apiKey: 'k', baseURL: 'http://127.0.0.1:1', retry: false })
llm.chat('x').then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error })`,
    names: ['claude'],
  },
  gemini: {
    code: `const llm = gemini('gemini-x', { apiKey: 'k', baseURL: 'http://127.0.0.1:1', retry: false })
llm.chat('x').then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error })`,
    names: ['gemini'],
  },
  openai: {
    code: `const llm = openai('gpt-x', { apiKey: 'k', baseURL: 'http://127.0.0.1:1', retry: false })
llm.chat('x').then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error })`,
    names: ['openai'],
  },
  ollama: {
    code: `const llm = ollama('tiny', { baseURL: 'http://127.0.0.1:1', retry: false })
llm.chat('x').then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error })`,
    names: ['ollama'],
  },
  mcp: {
    code: `mcpTools({ url: 'http://127.0.0.1:1' }).then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error })`,
    names: ['mcpTools'],
  },
  policies: {
    code: `try {
  // @ts-expect-error nobody is no provider
  fallback([])
  throw new Error('an empty list is none')
} catch (error) { if (!String(error).includes('at least one')) throw error }`,
    names: ['fallback'],
  },
  queue: {
    code: `const llm = queue('calls', { redis: 'redis://127.0.0.1:1' })
llm.chat('x').then(() => { throw new Error('nobody is there') }, (error) => { if (error.code !== 'network') throw error; return llm.close() })`,
    names: ['queue', 'worker'],
  },
  config: {
    code: `connect('claude:m').then(() => { throw new Error('it is not installed') }, (error) => { if (!error.message.includes('npm install @patchbay/claude')) throw error })`,
    names: ['connect'],
  },
  gateway: {
    code: `const loaded = { providers: new Map(), requires: [], prices: {}, gateway: {}, files: [], warnings: [] }
serve({ host: '0.0.0.0', loaded }).then(() => { throw new Error('anybody could ask') }, (error) => { if (error.code !== 'config') throw error })
serve({ port: 0, loaded }).then(async ({ url, close }) => {
  const page = await (await fetch(url)).text()
  if (!page.includes('<title>Patchbay</title>')) throw new Error(page)
  await close()
})`,
    names: ['serve'],
  },
  'ai-sdk': {
    code: `const none = () => Promise.reject(new Error('nobody is there'))
const llm = aiSdk({ specificationVersion: 'v3', provider: 'p', modelId: 'm', supportedUrls: {}, doGenerate: none, doStream: none }, { retry: false })
llm.chat('x').then(() => { throw new Error('somebody is there') }, (error) => { if (!error.message.includes('nobody is there') && !String(error.cause).includes('nobody is there')) throw error })`,
    names: ['aiSdk'],
  },
  langchain: {
    // LangChain's own types do not pass under exactOptionalPropertyTypes (@langchain/core 1.4.0).
    loose: true,
    code: `if (embeddings.length !== 1 || chatModel.length === 0) throw new Error('they take a provider')`,
    names: ['chatModel', 'embeddings'],
  },
  testing: {
    from: '@patchbay/testing/mock',
    code: `mockProvider({ answers: ['hi'] }).chat('x').then(({ text }) => { if (text !== 'hi') throw new Error(text) })`,
    names: ['mockProvider'],
  },
  local: {
    code: `const llm = local({ cacheDir: false })
llm.chat('What is the capital of France?').then(({ text }) => { if (text !== 'The capital of France is Paris.') throw new Error(text); return llm.close() })`,
    names: ['local'],
  },
}

let failures = 0
const step = async (name, work) => {
  try {
    await work()
    process.stdout.write(`ok    ${name}\n`)
  } catch (error) {
    failures++
    process.stdout.write(`FAIL  ${name}\n${error.message}\n`)
  }
}

const places = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => ({ name, dir: join(root, group, name) })),
)
const tarballs = {}
for (const { name, dir } of places) {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', `--pack-destination=${work}`], { cwd: dir }),
  )
  tarballs[packed.name] = join(work, packed.filename)
  await step(`${name}: publint`, async () => {
    const { messages, pkg } = await publint({ pkgDir: dir, pack: false, strict: true })
    if (messages.length > 0)
      throw new Error(messages.map((message) => formatMessage(message, pkg)).join('\n'))
  })
}

/** The package and those of ours that it needs, however far away. */
function withOwn(name, all = new Set()) {
  if (tarballs[name] === undefined || all.has(name)) return all
  all.add(name)
  const { dir } = places.find(({ dir }) => nameIn(dir) === name)
  const { dependencies = {} } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  for (const dependency of Object.keys(dependencies)) withOwn(dependency, all)
  return all
}

function nameIn(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).name
}

/** Entries for ES modules alone, as vitest and the local engine are. */
const onlyModules = { testing: ['.'], local: ['./prompt', './answer'] }

for (const { name, dir } of places.filter(({ name }) => uses[name])) {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const { from = manifest.name, code, names, loose = false } = uses[name]

  await step(`${name}: types resolve (attw)`, async () => {
    const { problems = [] } = await checkPackage(
      createPackageFromTarballData(readFileSync(tarballs[manifest.name])),
    )
    const serious = problems.filter(
      ({ kind, entrypoint }) =>
        // The troubleshooting guide is a page, and no module.
        !entrypoint?.endsWith('.md') &&
        !(kind === 'CJSResolvesToESM' && onlyModules[name]?.includes(entrypoint)),
    )
    if (serious.length > 0) throw new Error(JSON.stringify(serious, null, 2))
  })

  const project = join(work, name)
  mkdirSync(project)
  await step(`${name}: installs alone`, () => {
    const own = [...withOwn(manifest.name)]
    const dependencies = Object.fromEntries(
      own.map((dependency) => [dependency, `file:${tarballs[dependency]}`]),
    )
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }))
    run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: project,
    })
  })
  const line = `{ ${names.join(', ')} }`
  const files = {
    'run.mjs': `import ${line} from '${from}'\n${code}\n`,
    'run.cjs': `const ${line} = require('${from}')\n${code}\n`,
    'types.mts': `import ${line} from '${from}'\n${code}\n`,
    'types.cts': `import ${line} from '${from}'\n${code}\n`,
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text)

  if (name === 'local') {
    await step('local: names what is missing without the engine', () => {
      const probe = `import { local } from '@patchbay/local'\nlocal().chat('hi').catch((error) => process.stdout.write(error.code + ' ' + error.message))`
      writeFileSync(join(project, 'probe.mjs'), probe)
      const said = run(process.execPath, ['probe.mjs'], { cwd: project })
      if (!/^model-load .*npx @patchbay\/local install-engine/.test(said)) throw new Error(`it said: ${said}`)
    })
    symlinkSync(
      join(root, 'node_modules/node-llama-cpp'),
      join(project, 'node_modules/node-llama-cpp'),
      'dir',
    )
  }
  if (name === 'local')
    for (const format of ['esm', 'cjs'])
      await step(`local: works in a bundle (${format})`, async () => {
        const outfile = join(project, 'bundle', `app.${format === 'esm' ? 'mjs' : 'cjs'}`)
        const external = ['node-llama-cpp']
        const entryPoints = [join(project, 'run.mjs')]
        await build({
          entryPoints,
          outfile,
          format,
          external,
          bundle: true,
          platform: 'node',
          logLevel: 'silent',
        })
        run(process.execPath, [outfile], { cwd: tmpdir() })
        const alone = join(work, `alone-${basename(outfile)}`)
        copyFileSync(outfile, alone)
        let said = 'nothing'
        try {
          run(process.execPath, [alone], { cwd: tmpdir() })
        } catch (error) {
          said = error.message
        }
        if (!said.includes('Keep @patchbay/local out of the bundle'))
          throw new Error(`alone it said: ${said}`)
      })
  await step(`${name}: works as an ES module`, () => run(process.execPath, ['run.mjs'], { cwd: project }))
  await step(`${name}: works in CommonJS`, () => run(process.execPath, ['run.cjs'], { cwd: project }))
  await step(`${name}: has types for both`, () => {
    const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2022,esnext.disposable,dom',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules/@types'),
      ...(loose ? ['--skipLibCheck'] : []),
    ]
    run(process.execPath, [tsc, ...flags, 'types.mts', 'types.cts'], { cwd: project })
  })
}

await step('cli: installs alone and answers', () => {
  const project = join(work, 'cli')
  mkdirSync(project)
  const dependencies = Object.fromEntries(
    Object.entries(tarballs)
      .filter(([name]) => !name.endsWith('/testing'))
      .map(([name, path]) => [name, `file:${path}`]),
  )
  // Without the overrides npm would bring 700 MB of GPU builds into a temporary folder.
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies,
      overrides: Object.fromEntries(
        Object.entries(rootPackage.overrides).filter(([name]) => name.startsWith('@node-llama-cpp/')),
      ),
    }),
  )
  run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project })
  const said = run('npx', ['--no-install', 'patchbay', 'ask', 'What is the capital of France?'], {
    cwd: project,
    input: '',
  })
  if (said !== 'The capital of France is Paris.\n') throw new Error(`it said: ${said}`)
  const entry = run('npx', ['--no-install', 'patchbay', 'explain', 'timeout'], { cwd: project })
  if (!entry.startsWith('## timeout\n')) throw new Error(`it explained: ${entry}`)
})

process.stdout.write(failures === 0 ? 'all packages are sound\n' : `${failures} package checks failed\n`)
process.exit(failures === 0 ? 0 : 1)
