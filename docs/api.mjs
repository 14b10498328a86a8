// The API reference, from the docstrings: a folder of pages for the guide, one a package.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))

/** In the order of the sidebar. */
const packages = [
  ...['core', 'local', 'claude', 'gemini', 'openai', 'ollama', 'queue', 'config', 'policies'].map(
    (name) => `packages/${name}`,
  ),
  ...['ai-sdk', 'langchain', 'mcp', 'testing'].map((name) => `packages/${name}`),
  'apps/gateway',
]

const shared = {
  excludePrivate: true,
  excludeInternal: true,
  readme: 'none',
  logLevel: 'Warn',
  disableSources: true,
}

/** What a package exports, by docstrings, as a file. */
async function read(folder) {
  const { name, exports } = JSON.parse(readFileSync(at(`../${folder}/package.json`), 'utf8'))
  const app = await Application.bootstrap({
    ...shared,
    name,
    entryPoints: Object.values(exports).flatMap((entry) =>
      entry['@patchbay/source'] === undefined ? [] : [at(`../${folder}/${entry['@patchbay/source']}`)],
    ),
    tsconfig: at(`../${folder}/tsconfig.json`),
    basePath: at(`../${folder}/src`),
    skipErrorChecking: true,
  })
  const project = await app.convert()
  if (project === undefined) throw new Error(`typedoc found nothing in ${folder}`)
  // Pages have the names of the entry points, not those of their source files.
  const names = new Map(
    Object.entries(exports).flatMap(([key, entry]) => {
      const source = entry['@patchbay/source']?.replace(/^\.\/src\/|(\/index)?\.ts$/g, '')
      return source === undefined || key === '.' ? [] : [[source, key.slice('./'.length)]]
    }),
  )
  for (const child of project.children ?? []) child.name = names.get(child.name) ?? child.name
  const file = at(`.cache/api/${name.replace('@patchbay/', '')}.json`)
  await app.generateJson(project, file)
  return file
}

/** Writes `api/`. */
export async function writeApi() {
  rmSync(at('api'), { recursive: true, force: true })
  const files = []
  for (const folder of packages) files.push(await read(folder))
  const app = await Application.bootstrapWithPlugins({
    ...shared,
    plugin: ['typedoc-plugin-markdown'],
    name: 'API reference',
    entryPointStrategy: 'merge',
    entryPoints: files,
    router: 'module',
    outputs: [{ name: 'markdown', path: at('api') }],
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    propertyMembersFormat: 'table',
    typeDeclarationFormat: 'table',
    enumMembersFormat: 'table',
    tableColumnSettings: { hideInherited: true, hideModifiers: true, hideOverrides: true, hideSources: true },
    entryFileName: 'overview',
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('typedoc has merged nothing')
  await app.generateOutputs(project)
  for (const file of readdirSync(at('api'), { recursive: true }).filter((path) => path.includes('/')))
    if (file.endsWith('.md')) named(at(`api/${file}`), file.replace(/(\/index)?\.md$/, ''))
  if (app.logger.hasErrors()) throw new Error('typedoc failed; its messages are above')
}

/** The page of an entry is called what an app imports. */
function named(file, name) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^# .*$/m, `# ${name}`))
}
