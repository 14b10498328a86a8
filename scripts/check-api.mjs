// Compares the public types of each package with its reports in packages/*/api: a change that is not in a report fails.
// `node scripts/check-api.mjs --write` writes the reports anew. Builds the packages first.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { build } from './build.mjs'

const write = process.argv.includes('--write')
const root = fileURLToPath(new URL('..', import.meta.url))
const temporary = join(tmpdir(), `patchbay-api-${process.pid}`)
build()
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))

/** What the compiler needs to read a declaration file; lib and globals are those of an app with DOM types. */
const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'es2024.string', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  skipLibCheck: true,
  types: [],
}

/** `.` is `index`, `./wire` is `wire`. */
const entriesOf = (exports) =>
  Object.entries(exports).flatMap(([path, entry]) =>
    entry.import?.types === undefined && entry.types === undefined
      ? []
      : [{ name: path === '.' ? 'index' : path.slice(2), types: entry.import?.types ?? entry.types }],
  )

let failed = 0
for (const folder of ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
)) {
  const packageJsonFullPath = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(packageJsonFullPath, 'utf8'))
  const reportFolder = join(folder, 'api')
  const entries = entriesOf(manifest.exports ?? {})
  if (entries.length > 0) mkdirSync(reportFolder, { recursive: true })
  for (const { name, types } of entries) {
    const mainEntryPointFilePath = join(folder, types)
    const messages = []
    const { succeeded, apiReportChanged } = Extractor.invoke(
      ExtractorConfig.prepare({
        packageJsonFullPath,
        configObjectFullPath: undefined,
        configObject: {
          projectFolder: folder,
          mainEntryPointFilePath,
          compiler: { overrideTsconfig: { compilerOptions, files: [mainEntryPointFilePath] } },
          apiReport: {
            enabled: true,
            reportFileName: name,
            reportFolder,
            reportTempFolder: join(temporary, manifest.name),
          },
          docModel: { enabled: false },
          dtsRollup: { enabled: false },
          tsdocMetadata: { enabled: false },
          messages: {
            compilerMessageReporting: { default: { logLevel: 'error' } },
            // Types that are used and not exported stand in the report; docstrings follow TSDoc loosely.
            extractorMessageReporting: { default: { logLevel: 'none' } },
            tsdocMessageReporting: { default: { logLevel: 'none' } },
          },
        },
      }),
      {
        localBuild: write,
        messageCallback(message) {
          message.handled = true
          if (message.logLevel === 'error') messages.push(message.text)
        },
      },
    )
    const fine = succeeded && (write || !apiReportChanged) && existsSync(join(reportFolder, `${name}.api.md`))
    if (fine) continue
    failed++
    process.stdout.write(`FAIL  ${manifest.name} ${name}: its public types are not those of its report\n`)
    for (const message of messages) process.stdout.write(`      ${message}\n`)
  }
}
process.stdout.write(
  failed === 0
    ? `ok    public types ${write ? 'are written to' : 'are those of'} the reports\n`
    : 'Is it meant? Then `node scripts/check-api.mjs --write`, look at what changed, and add a changeset.\n',
)
process.exit(failed === 0 ? 0 : 1)
