// Checks of providers with tiny requests: each runs once at a time, and is kept.
import { type Feature, type Finding, probe } from '@patchbay/config'
import { isLlmError, type Provider } from '@patchbay/core'
import { unlessAborted } from '@patchbay/core/wire'

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

/** Milliseconds to open one provider and for all requests to it. */
const checkMs = 60_000

/** Checks of the providers of one configuration: each runs once at a time, and is kept. */
export class HealthChecks {
  readonly #last = new Map<string, { check: Promise<Health>; endedAt?: number }>()

  /** `timeLimit` makes the signal that ends a check. Default: after a minute. */
  constructor(
    private readonly open: (name: string) => Promise<Provider>,
    private readonly timeLimit = () => AbortSignal.timeout(checkMs),
  ) {}

  /** The check that runs, or the last one if it is not older than this many milliseconds; a new one otherwise. */
  of(name: string, maxAgeMs: number): Promise<Health> {
    const last = this.#last.get(name)
    if (last !== undefined && (last.endedAt === undefined || Date.now() - last.endedAt < maxAgeMs))
      return last.check
    const next: { check: Promise<Health>; endedAt?: number } = {
      check: check(name, this.open, this.timeLimit()),
    }
    this.#last.set(name, next)
    void next.check.then(() => {
      next.endedAt = Date.now()
    })
    return next.check
  }
}

/** Never rejects. */
async function check(
  name: string,
  open: (name: string) => Promise<Provider>,
  signal: AbortSignal,
): Promise<Health> {
  const began = performance.now()
  const took = () => ({ at: new Date().toISOString(), ms: Math.round(performance.now() - began) })
  try {
    const provider = await unlessAborted(signal, () => open(name))
    const options = { timeout: checkMs, signal }
    const findings = await probe(provider, options)
    const { endOfLife } = await unlessAborted(signal, () => provider.capabilities(options)).catch(() => ({
      endOfLife: undefined,
    }))
    return {
      ...{ name, provider: provider.provider, model: provider.model, ok: findings.text.outcome === 'yes' },
      ...took(),
      findings,
      ...(endOfLife !== undefined && { endOfLife }),
    }
  } catch (error) {
    return { name, ok: false, ...took(), findings: {}, problem: problemOf(error, signal) }
  }
}

function problemOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'timeout: the provider was not open before the time of the check was over.'
  return isLlmError(error)
    ? `${error.code}: ${error.message}`
    : 'It could not be checked. Run patchbay doctor, which tells more.'
}
