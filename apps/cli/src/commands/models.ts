// `patchbay providers` and `patchbay models`: who is configured, and what they offer.
import { connectTo, type Loaded, type PolicyEntry } from '@patchbay/config'
import { bundledModel, pulledModels } from '@patchbay/local'
import { megabytes, toJson } from '../terminal/print.js'
import { table } from '../terminal/table.js'

/** What `patchbay models` is asked. */
export interface ModelsFlags {
  local?: boolean
  json?: boolean
}

/** What is shown of an entry, whatever kind it is. */
interface Shown {
  use: string
  model?: string
  providers?: string[]
  fallback?: string | string[]
  policies?: PolicyEntry[]
}

/** The configured providers, and where they stand. */
export function providers(loaded: Loaded, json: boolean | undefined): void {
  const rows = [...loaded.providers].map(([name, { entry, file }]) => {
    const { use, model, providers, fallback, policies }: Shown =
      typeof entry === 'string'
        ? { use: entry.split(':')[0] ?? '', model: entry.split(':').slice(1).join(':') }
        : (entry as Shown)
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
      'No provider is configured: the bundled model answers. Run: patchbay init\n',
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

/** The models a provider offers. */
export async function models(
  loaded: Loaded,
  name: string | undefined,
  json: boolean | undefined,
  signal: AbortSignal,
): Promise<void> {
  await using llm = await connectTo(loaded, name)
  const list = await llm.models({ signal })
  if (json) return void process.stdout.write(`${toJson(list, 2)}\n`)
  const rows = list.map(({ id, name = '', contextWindow }) => [
    `${id}${id === llm.model ? ' *' : ''}`,
    contextWindow === undefined ? '' : `${contextWindow} tokens`,
    name,
  ])
  process.stdout.write(table(rows))
}

/** The models in files on this machine. */
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
