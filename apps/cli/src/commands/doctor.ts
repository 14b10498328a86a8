// `patchbay doctor`: checks every configured provider with tiny requests.

import {
  connectTo,
  type Feature,
  type Finding,
  features,
  type Loaded,
  nearest,
  probe,
} from '@patchbay/config'
import { isLlmError, type Provider } from '@patchbay/core'
import type { LocalProvider } from '@patchbay/local'
import { endOfLifeWarning } from '../terminal/end-of-life.js'
import { UsageError } from '../terminal/exit-codes.js'
import { printable, toJson } from '../terminal/print.js'
import { table } from '../terminal/table.js'

/** The flags of `doctor`. */
export interface DoctorFlags {
  json?: boolean
  require?: string
  timeout?: number
}

interface Report {
  name: string
  provider?: string
  model?: string
  ok: boolean
  findings: Partial<Record<Feature, Finding>>
  /** Of a local model: how it was loaded, and why. */
  load?: string[]
  /** The model ends within 60 days, or has ended. */
  warning?: string
  /** Why the provider could not be opened. */
  problem?: string
}

/** Prints the report, and returns whether every provider has the required features. */
export async function doctor(
  loaded: Loaded,
  names: string[],
  { json, require: requireFlag = '', timeout = 60 }: DoctorFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const required = requirements(requireFlag)
  const options = { signal, timeout: timeout * 1000 }
  const reports = await Promise.all(names.map((name) => examine(loaded, name, required, options)))
  if (json) process.stdout.write(`${toJson(reports, 2)}\n`)
  else {
    process.stdout.write(table([['', 'model', ...features], ...reports.map(row)]))
    for (const { name, problem, findings, warning, load = [] } of reports)
      for (const line of new Set([
        problem,
        ...Object.values(findings).map(failure),
        warning && `warning: ${warning}`,
        ...load,
      ]))
        if (line !== undefined) process.stdout.write(`${printable(`${name}: ${line}`)}\n`)
  }
  return reports.every(({ ok }) => ok)
}

function requirements(text: string): Feature[] {
  const names = text.split(',').filter(Boolean)
  const unknown = names.find((name) => !features.includes(name as Feature))
  if (unknown !== undefined)
    throw new UsageError(
      `--require ${unknown}:${nearest(unknown, features)} There are ${features.join(', ')}.`,
    )
  return ['text', ...(names as Feature[])]
}

async function examine(
  loaded: Loaded,
  name: string,
  required: Feature[],
  options: { signal: AbortSignal; timeout: number },
): Promise<Report> {
  try {
    await using llm = await connectTo(loaded, name)
    const findings = await probe(llm, options)
    const ok = required.every((feature) => findings[feature].outcome === 'yes')
    const load = 'stats' in llm ? (llm as LocalProvider).stats().loaded?.why : undefined
    const warning = await warningFor(llm, options)
    return {
      ...{ name, provider: llm.provider, model: llm.model, ok, findings },
      ...(warning && { warning }),
      ...(load && { load }),
    }
  } catch (error) {
    if (!isLlmError(error) || error.code === 'aborted') throw error
    return { name, ok: false, findings: {}, problem: `${error.code}: ${error.message}` }
  }
}

/** The warning for a model that ends soon. A service that does not tell it is no problem of the report. */
async function warningFor(llm: Provider, options: { signal: AbortSignal }): Promise<string | undefined> {
  const { endOfLife } = await llm.capabilities(options).catch(() => ({ endOfLife: undefined }))
  return endOfLifeWarning(llm.model, endOfLife, Date.now())
}

function row({ name, model = '', findings }: Report): string[] {
  return [name, model, ...features.map((feature) => findings[feature]?.outcome ?? '–')]
}

function failure(finding: Finding): string | undefined {
  return finding.outcome === 'failed' ? finding.detail : undefined
}
