// Scripted answers of a strict service.
import type { Json, JsonObject } from './rule.js'

/** One answer. Streamed word by word where the request asks for a stream. */
export interface StrictAnswer {
  /** Default: `'Hello there.'`, unless there are tool calls. */
  text?: string
  reasoning?: string
  toolCalls?: readonly { id?: string; name: string; input?: object }[]
  /** Default: by what is in the answer. `'length'` for an answer that was cut. */
  finish?: 'stop' | 'length'
}

/** Answers in order, one a request, or a function of the request's body. The last one repeats. */
export type StrictScript = readonly (string | StrictAnswer)[] | ((body: JsonObject) => string | StrictAnswer)

/** An answer with everything filled in. */
export interface Answer {
  text: string
  reasoning: string
  calls: { id: string; name: string; json: string }[]
  isCut: boolean
  usage: { input: number; output: number }
}

let made = 0

/** Fills in an answer; `prefix` begins the ids of calls, in the form of the service. */
export function toAnswer(given: string | StrictAnswer, body: Json, toId: (n: number) => string): Answer {
  const {
    text,
    reasoning = '',
    toolCalls = [],
    finish,
  } = typeof given === 'string' ? ({ text: given } as StrictAnswer) : given
  const calls = toolCalls.map(({ id, name, input = {} }) => ({
    id: id ?? toId(++made),
    name,
    json: JSON.stringify(input),
  }))
  const words = text ?? (calls.length > 0 ? '' : 'Hello there.')
  const tokens = (value: string) => Math.ceil(value.length / 4)
  const input = Math.max(1, tokens(JSON.stringify(body.messages ?? body.input ?? body.contents ?? '')))
  const output = Math.max(1, tokens(words + reasoning + calls.map(({ json }) => json).join('')))
  return { text: words, reasoning, calls, isCut: finish === 'length', usage: { input, output } }
}

/** The pieces in which a stream sends a text. */
export function pieces(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? []
}

/** The log-probabilities of a text as services send them: each piece is a token. */
export function wireLogprobs(text: string, alternatives = 0): Json[] {
  return pieces(text).map((token) => {
    const one = { token, logprob: -0.25, bytes: [...new TextEncoder().encode(token)] }
    const other = { token: `${token.trimEnd()}?`, logprob: -1.5, bytes: null }
    return { ...one, top_logprobs: [one, other].slice(0, alternatives) }
  })
}
