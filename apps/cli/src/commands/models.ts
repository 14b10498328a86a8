// `patchbay providers` and `patchbay models`: lists of configured providers and of their models.
import { connectTo, type Loaded, type PolicyEntry } from '@patchbay/config'
import { bundledModel, pulledModels } from '@patchbay/local'
import { endOfLifeWarning } from '../terminal/end-of-life.js'
import { megabytes, printable, toJson } from '../terminal/print.js'
import { table } from '../terminal/table.js'

/** The flags of `models`. */
export interface ModelsFlags {
  local?: boolean
  json?: boolean
}

/** The parts of an entry that are shown. */
interface EntrySummary {
  use: string
  model?: string
  providers?: string[]
  fallback?: string | string[]
  policies?: PolicyEntry[]
}

/** Prints the configured providers and their files. */
export function providers(loaded: Loaded, json: boolean | undefined): void {
  const rows = [...loaded.providers].map(([name, { entry, file }]) => {
    const { use, model, providers, fallback, policies }: EntrySummary =
      typeof entry === 'string'
        ? { use: entry.split(':')[0] ?? '', model: entry.split(':').slice(1).join(':') }
        : (entry as EntrySummary)
    return {
      name,
      use,
      ...(model && { model }),
      ...(providers && { providers }),
      ...(fallback !== undefined && { fallback: [fallback].flat() }),
      ...(policies && {
        policies: policies.flatMap((one) => (typeof one === 'string' ? one : Object.keys(one))),
      }),
      file,
      default: loaded.default === name || loaded.providers.size === 1,
    }
  })
  if (json) return void process.stdout.write(`${toJson(rows, 2)}\n`)
  if (rows.length === 0)
    return void process.stdout.write(
      'No provider is configured: the bundled model is used. Run: patchbay init\n',
    )
  process.stdout.write(
    table([
      ['', 'use', 'model', 'fallback', 'policies', 'file'],
      ...rows.map(
        ({ name, use, model, providers = [], fallback = [], policies = [], file, default: first }) => [
          `${name}${first ? ' *' : ''}`,
          use,
          model ?? providers.join(', '),
          fallback.join(' → '),
          policies.join(', '),
          file,
        ],
      ),
    ]),
  )
}

/** Prints the models of a provider, with a warning for each that ends within 60 days. */
export async function models(
  loaded: Loaded,
  name: string | undefined,
  json: boolean | undefined,
  signal: AbortSignal,
): Promise<void> {
  await using llm = await connectTo(loaded, name)
  const list = await llm.models({ signal })
  if (json) return void process.stdout.write(`${toJson(list, 2)}\n`)
  const rows = list.map(({ id, name = '', contextWindow, endOfLife }) => [
    `${id}${id === llm.model ? ' *' : ''}`,
    contextWindow === undefined ? '' : `${contextWindow} tokens`,
    name,
    endOfLife === undefined ? '' : `ends ${endOfLife}`,
  ])
  process.stdout.write(table(rows))
  for (const { id, endOfLife } of list) {
    const warning = endOfLifeWarning(id, endOfLife, Date.now())
    if (warning !== undefined) process.stderr.write(`${printable(`warning: ${warning}`)}\n`)
  }
}

/** Prints the models on this machine. */
export async function localModels(json: boolean | undefined): Promise<void> {
  const pulled = await pulledModels()
  if (json) return void process.stdout.write(`${toJson(pulled, 2)}\n`)
  process.stdout.write(
    table([
      [bundledModel, '', 'ships with Patchbay'],
      ...pulled.map(({ name, size, path }) => [name, megabytes(size), path]),
    ]),
  )
}
