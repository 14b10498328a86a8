// Configuration files: read, parsed by their kind, checked.
import { existsSync } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../types.js'
import { checkedConfig } from './check.js'
import { configError } from './config-error.js'

/**
 * Reads, parses and checks a configuration file.
 * @throws {LlmError} `config`, with the file and the place in it
 */
export async function read(file: string): Promise<{ config: Config; file: string }> {
  let value: unknown
  try {
    value = await parse(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(file))
      throw configError(`There is no ${file}. Check the path, or run: patchbay init`)
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw configError(`${file} cannot be read: ${problem.slice(0, 300)}`, { cause })
  }
  return { config: checkedConfig(value, file), file }
}

async function parse(file: string): Promise<unknown> {
  switch (extname(file)) {
    case '.json':
      return fromJson(await textOf(file))
    case '.yaml':
    case '.yml':
      return fromYaml(await textOf(file))
    case '.ts':
    case '.mts':
      return (await import('jiti')).createJiti(file, { moduleCache: false }).import(file, { default: true })
    default: {
      // A changed file is loaded again: modules are cached by URL, CommonJS by file. Files that it imports stay cached.
      const { mtimeMs } = await stat(file)
      delete createRequire(file).cache[await realpath(file)]
      const loaded = (await import(`${pathToFileURL(file).href}?${mtimeMs}`)) as { default?: unknown }
      return loaded.default
    }
  }
}

/** The text of a file, without a byte order mark. */
async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file)
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

/** Parses JSON. The parser's message would quote the text, which may hold a key: the error has only line and column. */
async function fromJson(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    // JSON is YAML, and the YAML parser reports lines.
    await fromYaml(text, 'json')
    throw new SyntaxError('it is not valid JSON (a trailing comma, a comment or single quotes?)')
  }
}

/** Parses YAML. Warnings of the parser (unknown tags) are errors: the value would be lost. */
async function fromYaml(text: string, schema: 'core' | 'json' = 'core'): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { schema, lineCounter, prettyErrors: false, merge: schema === 'core' })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem === undefined) return document.toJS()
  const { line, col } = lineCounter.linePos(problem.pos[0])
  throw new SyntaxError(
    `it is not valid ${schema === 'json' ? 'JSON' : `YAML (${problem.code})`} at line ${line}, column ${col}`,
  )
}

/** Warnings for API keys in the file itself. */
export async function warnOfKeys(file: string, config: Config = {}): Promise<string[]> {
  const layers = [config, ...Object.values(config.env ?? {})]
  const text = await textOf(file)
  return layers.flatMap(({ providers = {} }) =>
    Object.entries(providers).flatMap(([name, entry]) => {
      const key = typeof entry === 'object' && 'apiKey' in entry ? entry.apiKey : undefined
      // A module may have read it from elsewhere.
      return typeof key !== 'string' || key === '' || key.includes('${') || !text.includes(key)
        ? []
        : [
            `${file}: providers.${name}.apiKey is in the file. Read it from the environment: "\${MY_KEY}", or leave it out if the service has a usual variable.`,
          ]
    }),
  )
}
