// Operation that checks the providers with tiny requests, as `patchbay doctor` does.
import { type Feature, type Finding, features, probe } from '@patchbay/config'
import { isLlmError, type Provider } from '@patchbay/core'
import { requestError } from '../answer/http-status.js'
import { operation } from './operation.js'
import * as schema from './schemas.js'

/** What a check of a provider has found. */
export interface Health {
  /** The name in the configuration. */
  name: string
  provider?: string
  model?: string
  /** Whether it answers with text. */
  ok: boolean
  /** When it was checked. */
  at: string
  /** How long the check took, in milliseconds. */
  ms: number
  findings: Partial<Record<Feature, Finding>>
  /** The last day on which the service serves the model, if it is known. */
  endOfLife?: string
  /** Why the provider could not be opened. */
  problem?: string
}

/** Milliseconds for all requests to one provider. */
const checkMs = 60_000
const defaultMaxAge = 60

/** Checks of the providers of one configuration: each runs once at a time, and is kept. */
export class HealthChecks {
  readonly #last = new Map<string, { check: Promise<Health>; endedAt?: number }>()

  constructor(private readonly open: (name: string) => Promise<Provider>) {}

  /** The check that runs, or the last one if it is not older than this many milliseconds; a new one otherwise. */
  of(name: string, maxAgeMs: number): Promise<Health> {
    const last = this.#last.get(name)
    if (last !== undefined && (last.endedAt === undefined || Date.now() - last.endedAt < maxAgeMs))
      return last.check
    const next: { check: Promise<Health>; endedAt?: number } = { check: check(name, this.open) }
    this.#last.set(name, next)
    void next.check.then(() => {
      next.endedAt = Date.now()
    })
    return next.check
  }
}

/** Never rejects. */
async function check(name: string, open: (name: string) => Promise<Provider>): Promise<Health> {
  const began = performance.now()
  const took = () => ({ at: new Date().toISOString(), ms: Math.round(performance.now() - began) })
  try {
    const provider = await open(name)
    const options = { timeout: checkMs, signal: AbortSignal.timeout(checkMs) }
    const findings = await probe(provider, options)
    const { endOfLife } = await provider.capabilities(options).catch(() => ({ endOfLife: undefined }))
    return {
      ...{ name, provider: provider.provider, model: provider.model, ok: findings.text.outcome === 'yes' },
      ...took(),
      findings,
      ...(endOfLife !== undefined && { endOfLife }),
    }
  } catch (error) {
    const problem = isLlmError(error) ? `${error.code}: ${error.message}` : 'It could not be checked.'
    return { name, ok: false, ...took(), findings: {}, problem }
  }
}

const finding = schema.closed({ outcome: { enum: ['yes', 'no', 'failed'] }, detail: schema.text }, [
  'outcome',
])

export const healthOperation = operation({
  id: 'getHealth',
  method: 'get',
  path: '/health',
  summary:
    'Checks providers with tiny requests, as `patchbay doctor` does: text, a stream, tools, JSON, vision, embeddings. They count for no key.',
  query: {
    provider: { ...schema.text, description: 'Only this one. Default: all.' },
    maxAge: {
      type: 'string',
      pattern: '^[0-9]{1,6}$',
      description: 'Seconds that an earlier check may be old. Default 60; 0: checks again.',
    },
  },
  answer: schema.list(
    schema.closed(
      {
        name: schema.text,
        provider: schema.text,
        model: schema.text,
        ok: { type: 'boolean', description: 'Whether it answers with text.' },
        at: schema.time,
        ms: schema.count,
        findings: schema.closed(Object.fromEntries(features.map((feature) => [feature, finding]))),
        endOfLife: { ...schema.text, description: 'The last day on which the service serves the model.' },
        problem: { ...schema.text, description: 'Why the provider could not be opened.' },
      },
      ['name', 'ok', 'at', 'ms', 'findings'],
    ),
  ),
  async run({ query: { provider, maxAge = String(defaultMaxAge) }, providers, health }) {
    if (provider !== undefined && !providers.includes(provider))
      throw requestError(`provider: there is no provider ${JSON.stringify(provider)}.`, 404)
    const names = provider === undefined ? providers : [provider]
    return { data: await Promise.all(names.map((name) => health.of(name, Number(maxAge) * 1000))) }
  },
})
