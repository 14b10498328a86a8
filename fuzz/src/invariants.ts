// Invariants that every fuzz target checks, and the outcomes of a run.
import { isDeepStrictEqual } from 'node:util'
import { isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { Broken } from './broken.js'
import type { Case } from './mutate.js'

/** What is fed with damaged bodies. */
export interface Target {
  corpus: string[]
  /** @throws where a law is broken */
  check(bytes: Uint8Array, cuts: Case['cuts']): Promise<void>
}

/** Options of every provider; no error may contain the key. */
export const options = { apiKey: 'sk-fuzz', retry: false, timeout: { total: 20_000 } } as const

/** The outcome of a run, which must be the same for every way to split the body. */
export type Outcome = { gave: unknown } | { failed: string; partial: unknown }

export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { gave: await work() }
  } catch (error) {
    if (error instanceof Broken) throw error
    if (!isLlmError(error)) throw new Broken('something else than an LlmError was thrown', { cause: error })
    sound(error)
    return { failed: error.code, partial: error.partial?.text }
  }
}

export function sound(error: LlmError): void {
  if (error.code === 'timeout') throw new Broken('it hung', { cause: error })
  if (/does not know/.test(error.message)) throw new Broken('unexpected failure', { cause: error })
  if (error.message.length > 3000) throw new Broken('a message of the size of a body', { cause: error })
  if (error.message.includes('sk-fuzz')) throw new Broken('an error contains the key', { cause: error })
}

export function same(one: Outcome, other: Outcome): void {
  if (!isDeepStrictEqual(one, other))
    throw new Broken(
      `the cut decides: ${JSON.stringify(one).slice(0, 500)}\nor ${JSON.stringify(other).slice(0, 500)}`,
    )
}

/** A response without what differs from call to call; all numbers of it are sound. */
export function settled({ timing: _, ...response }: Awaited<ReturnType<Provider['chat']>>): unknown {
  for (const [name, count] of Object.entries(response.usage))
    if (count !== undefined && !(Number.isFinite(count) && count >= 0))
      throw new Broken(`usage.${name} is ${count}`)
  for (const { name, id } of response.toolCalls)
    if (typeof name !== 'string' || name === '' || typeof id !== 'string')
      throw new Broken('a call without a name')
  // Ids that we make where a service gives none differ from call to call.
  const text = JSON.stringify(response).replaceAll(/call_[0-9a-f]{8}-[0-9a-f-]{27}/g, 'call_own')
  return JSON.parse(text)
}
