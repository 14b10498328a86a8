// The fields of a request to /api/chat, for the names in `providerOptions.ollama`.
import { LlmError } from '@patchbay/core'
import { checkFields, type OptionNames } from '@patchbay/core/wire'
import type { ChatRequest, Options } from 'ollama/browser'

// Typed by the official client: a new field does not compile until it is listed.
const body: OptionNames<ChatRequest> = {
  ...{ model: true, messages: true, stream: true, format: true, keep_alive: true, tools: true, think: true },
  ...{ logprobs: true, top_logprobs: true, options: true },
}
const options: OptionNames<Options> = {
  ...{
    numa: true,
    num_ctx: true,
    num_batch: true,
    num_gpu: true,
    main_gpu: true,
    low_vram: true,
    f16_kv: true,
  },
  ...{ logits_all: true, vocab_only: true, use_mmap: true, use_mlock: true, embedding_only: true },
  ...{
    num_thread: true,
    num_keep: true,
    seed: true,
    num_predict: true,
    top_k: true,
    top_p: true,
    min_p: true,
  },
  ...{ tfs_z: true, typical_p: true, repeat_last_n: true, temperature: true, repeat_penalty: true },
  ...{ presence_penalty: true, frequency_penalty: true, mirostat: true, mirostat_tau: true },
  ...{ mirostat_eta: true, penalize_newline: true, stop: true },
}
const [bodyNames, optionNames] = [Object.keys(body), Object.keys(options)]

/**
 * Checks the names of `providerOptions.ollama`: the server ignores unknown ones in silence.
 * @throws {LlmError} `invalid-request` with the right name
 */
export function checkProviderOptions(given: Readonly<Record<string, unknown>>): void {
  const place = 'providerOptions.ollama'
  for (const name of Object.keys(given))
    if (optionNames.includes(name))
      throw new LlmError(
        'invalid-request',
        `${place}.${name} would be ignored by the server. Write ${place}.options.${name}.`,
      )
  checkFields(given, [...bodyNames, 'truncate', 'shift'], place)
  checkFields(Object(given.options), optionNames, `${place}.options`)
}
