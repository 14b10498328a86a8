// Fuzz targets for answers other than chats: vectors, lists of models, transcripts, counts, batches.
import { claude } from '@patchbay/claude'
import type { Provider } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import * as corpus from './answer-corpus.js'
import { Broken } from './broken.js'
import { options, outcomeOf, same, settled, sound, type Target } from './invariants.js'
import { inPieces } from './mutate.js'

const json = 'application/json'

const answer = (
  texts: string[],
  make: (fetch: typeof globalThis.fetch) => Provider,
  ask: (provider: Provider) => Promise<unknown>,
  type = json,
): Target => ({
  corpus: texts,
  async check(bytes, cuts) {
    const asked = (cut: number[]) =>
      outcomeOf(() =>
        ask(
          make(async (input) => {
            // A batch is asked for how it stands before its results are.
            const path = new URL(input instanceof Request ? input.url : input).pathname
            const stands = path.endsWith('/batches/b') || path.endsWith('/v1/messages/batches/b')
            return stands && texts !== corpus.statuses
              ? new Response(JSON.stringify(batch))
              : new Response(inPieces(bytes, cut), { headers: { 'content-type': type } })
          }),
        ),
      )
    same(await asked(cuts[0]), await asked(cuts[1]))
  },
})

const batch = {
  id: 'b',
  status: 'completed',
  processing_status: 'ended',
  output_file_id: 'f',
  request_counts: { total: 2, completed: 2, succeeded: 2 },
}

async function resultsOf(provider: Provider): Promise<unknown> {
  const results: unknown[] = []
  for await (const { index, response, error } of provider.batches.results('b')) {
    // The service itself says of a request that its time was up.
    if (error !== undefined && !/within a day/.test(error.message)) sound(error)
    results.push({ index, failed: error?.code, gave: response && settled(response) })
  }
  return results
}

async function vectorsOf(provider: Provider): Promise<unknown> {
  const { vectors } = await provider.embed(['a', 'b'])
  if (vectors.length !== 2 || vectors.some((vector) => vector.length === 0 || !vector.every(Number.isFinite)))
    throw new Broken('vectors that are none')
  return vectors.map((vector) => [...vector])
}

const sound16 = { audio: Uint8Array.of(1, 2), mediaType: 'audio/wav' }

export const answerTargets: Record<string, Target> = {
  'openai vectors': answer(corpus.openaiVectors, (fetch) => openai('m', { ...options, fetch }), vectorsOf),
  'ollama vectors': answer(corpus.ollamaVectors, (fetch) => ollama('m', { ...options, fetch }), vectorsOf),
  'openai models': answer(
    corpus.models,
    (fetch) => openai('m', { ...options, baseURL: 'http://127.0.0.1:9/v1', fetch }),
    async (provider) => [await provider.models(), await provider.capabilities()],
  ),
  'claude models': answer(
    corpus.models,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.models(),
  ),
  'ollama models': answer(
    corpus.models,
    (fetch) => ollama('m', { ...options, fetch }),
    async (provider) => [await provider.models(), await provider.capabilities()],
  ),
  'openai transcript': answer(
    corpus.transcripts,
    (fetch) => openai('whisper-1', { ...options, fetch }),
    (provider) => provider.transcribe(sound16),
  ),
  'gemini models': answer(
    corpus.models,
    (fetch) => gemini('m', { ...options, fetch }),
    (provider) => provider.models(),
  ),
  'gemini vectors': answer(corpus.geminiVectors, (fetch) => gemini('m', { ...options, fetch }), vectorsOf),
  'gemini count': answer(
    corpus.counts,
    (fetch) => gemini('m', { ...options, fetch }),
    (provider) => provider.countTokens('Hi'),
  ),
  'gemini batch status': answer(
    corpus.geminiBatches,
    (fetch) => gemini('m', { ...options, fetch }),
    (provider) => provider.batches.status('b'),
  ),
  'gemini batch results': answer(
    corpus.geminiBatches,
    (fetch) => gemini('m', { ...options, fetch }),
    resultsOf,
  ),
  'openai count': answer(
    corpus.counts,
    (fetch) => openai('m', { ...options, api: 'responses', fetch }),
    (provider) => provider.countTokens('Hi'),
  ),
  'claude count': answer(
    corpus.counts,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.countTokens('Hi'),
  ),
  'openai batch status': answer(
    corpus.statuses,
    (fetch) => openai('m', { ...options, fetch }),
    (provider) => provider.batches.status('b'),
  ),
  'claude batch status': answer(
    corpus.statuses,
    (fetch) => claude('m', { ...options, fetch }),
    (provider) => provider.batches.status('b'),
  ),
  'openai batch results': answer(
    corpus.openaiResults,
    (fetch) => openai('m', { ...options, api: 'chat', fetch }),
    resultsOf,
    'application/jsonl',
  ),
  'claude batch results': answer(
    corpus.claudeResults,
    (fetch) => claude('m', { ...options, fetch }),
    resultsOf,
    'application/jsonl',
  ),
}
