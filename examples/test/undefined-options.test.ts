// Every option of every exported function may be undefined, so that `process.env.X` and other optional values pass with
// `exactOptionalPropertyTypes`.
import { fileURLToPath } from 'node:url'
import { type Config, connect } from '@patchbay/config'
import * as policies from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing/mock'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const entries = [
  ...['policies', 'config', 'mcp', 'langchain', 'ai-sdk', 'claude', 'openai', 'ollama', 'local'].map(
    (name) => `packages/${name}/src/index.ts`,
  ),
  ...['index', 'http/index', 'messages/index', 'operations/map'].map(
    (name) => `packages/core/src/${name}.ts`,
  ),
].map((name) => root + name)

const { config } = ts.readConfigFile(`${root}examples/tsconfig.json`, ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, `${root}examples`)
const program = ts.createProgram(entries, { ...options, noEmit: true, composite: false, incremental: false })
const checker = program.getTypeChecker()

/** Messages and other data are no options: theirs is the form of what a service says or a conversation holds. */
const isOptions = (type: ts.Type) =>
  /Options$|Params$|Entry$|Config$/.test((type.aliasSymbol ?? type.symbol)?.name ?? '')

/** The options of an entry point: of its functions' parameters, and types that it exports. */
function optionTypes(entry: string): ts.Type[] {
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${entry} is no module`)
  const found = new Set<ts.Type>()
  const add = (type: ts.Type): void => {
    for (const one of type.isUnion() ? type.types : [type]) if (isOptions(one)) found.add(one)
  }
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    if (symbol.flags & ts.SymbolFlags.Type) add(checker.getDeclaredTypeOfSymbol(symbol))
    if (!(symbol.flags & ts.SymbolFlags.Value)) continue
    const type = checker.getTypeOfSymbol(symbol)
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()])
      for (const parameter of signature.parameters) add(checker.getTypeOfSymbol(parameter))
  }
  return [...found]
}

/** The optional properties of our own types that refuse `undefined`. */
function refusals(type: ts.Type): string[] {
  return type.getProperties().flatMap((property) => {
    const [node] = property.declarations ?? []
    if (node === undefined || node.getSourceFile().fileName.includes('node_modules')) return []
    if (!ts.isPropertySignature(node) || node.questionToken === undefined || node.type === undefined)
      return []
    // As it is written: the type of an optional property has `undefined` in any case.
    const written = checker.getTypeFromTypeNode(node.type)
    return checker.isTypeAssignableTo(checker.getUndefinedType(), written)
      ? []
      : [`${checker.typeToString(type)}.${property.name}`]
  })
}

/** Every optional property of a type of the policies, undefined. */
function allUndefined(name: string): Record<string, undefined> {
  const source = program.getSourceFile(`${root}packages/policies/src/index.ts`)
  const module = source && checker.getSymbolAtLocation(source)
  const exported = module && checker.getExportsOfModule(module).find((one) => one.name === name)
  if (exported === undefined) throw new Error(`${name} is not exported`)
  const type = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(exported))
  const optional = type.getProperties().filter(({ flags }) => flags & ts.SymbolFlags.Optional)
  return Object.fromEntries(optional.map((property) => [property.name, undefined]))
}

it('options that are undefined are as good as none for every policy', async () => {
  const llm = () => mockProvider({ answers: ['Hi', 'Hi'] })
  const made = [
    policies.batch(llm(), allUndefined('BatchOptions')),
    policies.breaker(llm(), allUndefined('BreakerOptions')),
    policies.cache(llm(), allUndefined('CacheOptions')),
    policies.guard(llm(), allUndefined('GuardOptions')),
    policies.hooks(llm(), allUndefined('HooksOptions')),
    policies.limit(llm(), allUndefined('LimitOptions')),
    policies.mask(llm(), allUndefined('MaskOptions')),
    policies.trace(llm(), allUndefined('TraceOptions')),
    policies.fallback([llm(), llm()], allUndefined('FallbackOptions')),
    policies.hedge([llm(), llm()], allUndefined('HedgeOptions')),
    policies.loadBalance([llm(), llm()], allUndefined('LoadBalanceOptions')),
    policies.route([llm(), llm()], allUndefined('RouteOptions')),
  ]
  for (const policy of made) expect((await policy.chat('Hello')).text).toBe('Hi')
})

it('a configuration may have values of the environment that are not set', async () => {
  const config: Config = {
    providers: {
      a: {
        ...{ model: 'm', apiKey: 'k', baseURL: process.env.NOT_SET, timeout: undefined },
        use: 'openai',
        policies: [{ cache: { namespace: process.env.NOT_SET, ttl: undefined } }],
      },
    },
  }
  const llm = await connect('a', { config, cwd: process.env.NOT_SET })
  expect(llm.model).toBe('m')
  await llm.close()
})

it.each(entries.map((entry) => entry.slice(root.length)))('%s', (entry) => {
  const types = optionTypes(root + entry)
  expect(options.exactOptionalPropertyTypes).toBe(true)
  expect(types.flatMap(refusals)).toEqual([])
  if (!entry.includes('messages')) expect(types.flatMap((type) => type.getProperties())).not.toEqual([])
})
