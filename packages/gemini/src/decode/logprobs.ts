// Log-probabilities of an answer. Source: ai.google.dev/api/generate-content (LogprobsResult), November 2026.
import type { TokenLogprob } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'

/** The tokens of a `logprobsResult`; none of anything else. */
export function logprobsOf(result: unknown): TokenLogprob[] {
  const { chosenCandidates, topCandidates } = fieldsOf(result)
  const tops = objectsIn(topCandidates)
  return objectsIn(chosenCandidates).flatMap((chosen, index) =>
    toLogprob(chosen).map((one) => ({ ...one, top: objectsIn(tops[index]?.candidates).flatMap(toLogprob) })),
  )
}

function toLogprob({ token, logProbability }: Record<string, unknown>): { token: string; logprob: number }[] {
  // A logarithm of zero is left out of the JSON: the token was certain.
  const logprob = logProbability ?? 0
  return typeof token === 'string' && typeof logprob === 'number' ? [{ token, logprob }] : []
}
