// Answers of the Gemini API, whole and as the chunks of a stream.
import type { Json } from '../rule.js'
import { type Answer, pieces, wireLogprobs } from '../script.js'

const chunk = (parts: Json[], answer: Answer, more: Json = {}): Json => ({
  responseId: 'resp_strict',
  modelVersion: 'strict-001',
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: answer.usage.input, candidatesTokenCount: answer.usage.output },
})
const thoughts = ({ reasoning }: Answer): string[] => (reasoning === '' ? [] : [reasoning])
// The first call of a turn has the signature.
const callParts = ({ calls }: Answer): Json[] =>
  calls.map(({ id, name, json }, index) => ({
    functionCall: { id, name, args: JSON.parse(json) },
    ...(index === 0 && { thoughtSignature: 'c3RyaWN0' }),
  }))
const end = ({ isCut }: Answer): Json => ({ finishReason: isCut ? 'MAX_TOKENS' : 'STOP' })

const logprobsOf = (
  text: string,
  { generationConfig: { responseLogprobs, logprobs = 0 } = {} }: Json,
): Json => {
  if (!responseLogprobs || text === '') return {}
  const tokens = wireLogprobs(text, logprobs)
  const one = ({ token, logprob }: Json) => ({ token, logProbability: logprob })
  return {
    logprobsResult: {
      chosenCandidates: tokens.map(one),
      topCandidates: tokens.map(({ top_logprobs }) => ({ candidates: top_logprobs.map(one) })),
    },
  }
}

export function geminiWhole(answer: Answer, body: Json): Json {
  const parts = [
    ...thoughts(answer).map((text) => ({ text, thought: true })),
    ...(answer.text === '' ? [] : [{ text: answer.text }]),
    ...callParts(answer),
  ]
  return chunk(parts, answer, { ...logprobsOf(answer.text, body), ...end(answer) })
}

export function* geminiChunks(answer: Answer, body: Json): Generator<Json> {
  for (const text of thoughts(answer).flatMap(pieces)) yield chunk([{ text, thought: true }], answer)
  for (const text of pieces(answer.text)) yield chunk([{ text }], answer, logprobsOf(text, body))
  for (const part of callParts(answer)) yield chunk([part], answer)
  yield chunk([{ text: '' }], answer, end(answer))
}
