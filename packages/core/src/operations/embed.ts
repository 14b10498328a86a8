// Embeddings: checks the texts, sends them in batches, several at a time, and returns the vectors in order. Loaded with the first
// call.

import { Yielder } from '../call/event-loop.js'
import { validCounts } from '../call/response.js'
import type { Backend, EmbedBatch } from '../contract/backend.js'
import { invalid, LlmError } from '../contract/errors.js'
import type { EmbedRequest, EmbedResponse } from '../contract/operations.js'
import { addUsage } from '../contract/usage.js'
import { isObject, omitUndefined } from '../object.js'
import { checkOptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import type { Attempt } from './attempt.js'

/**
 * The attempts of one `embed` call. A further attempt sends only the batches that are not done.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function embedAttempt(
  backend: Backend & Required<Pick<Backend, 'embed'>>,
  input: string | string[] | EmbedRequest,
): Attempt<EmbedResponse> {
  const request = typeof input === 'string' || Array.isArray(input) ? { input } : input
  if (!isObject(request)) throw invalid('request', 'must be a text, a list of texts, or an object with input')
  checkOptionNames(request, optionNames.embedRequest, 'of embed()')
  const { input: oneOrMany, concurrency = 4, providerOptions, ...options } = request
  const texts = [oneOrMany].flat()
  for (const [index, text] of texts.entries())
    if (typeof text !== 'string' || text === '')
      throw invalid(`input[${index}]`, 'must be a string that is not empty')
  for (const [name, value] of Object.entries({ concurrency, dimensions: options.dimensions ?? 1 }))
    if (!(Number.isInteger(value) && value >= 1))
      throw invalid(name, `must be a whole number of at least 1, not ${String(value)}`)
  if (![undefined, 'query', 'document'].includes(options.inputType))
    throw invalid('inputType', "must be 'query' or 'document'")

  const { atOnce = Number.POSITIVE_INFINITY, ...most } = backend.embedBatch ?? {}
  const batches = inBatches(texts, most)
  const done: Omit<EmbedResponse, 'provider'>[] = []
  const own = providerOptions?.[backend.provider] ?? {}

  return async (context) => {
    let next = 0
    const work = async () => {
      while (next < batches.length) {
        const at = next++
        const batch = batches[at] as string[]
        if (done[at] !== undefined) continue
        const some = await backend.embed(
          { ...omitUndefined(options), input: batch, providerOptions: own },
          context,
        )
        await checkVectors(some.vectors, batch.length)
        done[at] = some
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, atOnce) }, work))
    const vectors = done.flatMap(({ vectors }) => vectors)
    if (done.length > 1) await checkVectors(vectors, texts.length)
    return {
      vectors,
      model: done.at(-1)?.model ?? backend.model,
      usage: done.reduce((all, { usage }) => addUsage(all, validCounts(usage)), {}),
      provider: backend.provider,
    }
  }
}

/** Checks that these can be the vectors of the texts: NaN and other defects would silently make every search worse. */
async function checkVectors(vectors: Float32Array[], count: number): Promise<void> {
  const length = vectors[0]?.length
  const odd = vectors.find((vector) => vector.length !== length)
  const problem =
    vectors.length !== count
      ? `${vectors.length} vectors for ${count} texts`
      : odd !== undefined
        ? `vectors of ${length} numbers and of ${odd.length}`
        : length === 0
          ? 'empty vectors'
          : !(await areFinite(vectors))
            ? 'vectors with values that are not finite numbers'
            : undefined
  if (problem !== undefined)
    throw new LlmError('bad-response', `The service gave ${problem}. Try again, or use another model.`)
}

/** Checks in slices of the event loop: there may be millions of numbers. */
async function areFinite(vectors: Float32Array[]): Promise<boolean> {
  const yielder = new Yielder()
  for (const vector of vectors) {
    if (!vector.every(Number.isFinite)) return false
    await yielder.yieldIfDue()
  }
  return true
}

function inBatches(
  texts: string[],
  {
    texts: mostTexts = Number.POSITIVE_INFINITY,
    characters: most = Number.POSITIVE_INFINITY,
  }: Omit<EmbedBatch, 'atOnce'>,
): string[][] {
  const batches: string[][] = []
  let characters = 0
  for (const text of texts) {
    const batch = batches.at(-1)
    characters += text.length
    if (batch !== undefined && batch.length < mostTexts && characters <= most) batch.push(text)
    else {
      batches.push([text])
      characters = text.length
    }
  }
  return batches
}
