// Sampling options, the same in Chat Completions and Completions.
import { type Json, toStop } from '../../body/body.js'

/** The sampling options of a body; their values are checked with the request. */
export function samplingOf(body: Json): Json {
  return {
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    minP: body.min_p,
    seed: body.seed,
    stop: toStop(body.stop),
    // 0 is none, which every service has.
    frequencyPenalty: body.frequency_penalty === 0 ? undefined : body.frequency_penalty,
    presencePenalty: body.presence_penalty === 0 ? undefined : body.presence_penalty,
  }
}
