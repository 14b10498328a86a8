// Stand-in for the Gemini API, by its documentation (November 2026), with a model that knows two answers. It streams, calls
// tools, fills schemas, embeds, counts and refuses like the real one.
import { type FaultServer, faultServer, type ServedResponse } from '@patchbay/testing'

type Json = Record<string, unknown>
interface Asked {
  contents: { role: string; parts: { text?: string; functionResponse?: unknown }[] }[]
  systemInstruction?: unknown
  tools?: { functionDeclarations?: { name: string }[] }[]
  toolConfig?: { functionCallingConfig?: { mode?: string } }
  generationConfig?: {
    maxOutputTokens?: number
    responseMimeType?: string
    thinkingConfig?: { includeThoughts?: boolean }
  }
  requests?: { content: { parts: { text: string }[] }; outputDimensionality?: number }[]
  instances?: { content: string }[]
  generateContentRequest?: Asked
}

const vector = (seed: number, length: number) => Array.from({ length }, (_, at) => Math.sin(at + seed))
const words = (value: unknown) => JSON.stringify(value).split(/\s+/).length

export function simulateGemini(): Promise<FaultServer> {
  return faultServer(({ path, json: body }) => {
    const asked = (body ?? {}) as Asked
    if (path.includes('/batches/')) return failure(404, 'NOT_FOUND', 'Requested entity was not found.')
    if (/^\/(v1beta|v1beta1\/publishers\/google)\/models\?/.test(path))
      return json({
        models: [
          {
            name: 'models/gemini-x',
            displayName: 'Gemini X',
            inputTokenLimit: 1000,
            supportedGenerationMethods: [],
          },
        ],
      })
    const model = decodeURIComponent(/\/models\/([^:]+):/.exec(path)?.[1] ?? '')
    if (path.includes(':countTokens'))
      return json({ totalTokens: words(asked.generateContentRequest ?? asked) })
    if (path.includes(':batchEmbedContents'))
      return json({
        embeddings: asked.requests?.map(({ content: { parts }, outputDimensionality = 8 }) => ({
          values: vector(parts[0]?.text.length ?? 0, outputDimensionality),
        })),
      })
    if (path.includes(':predict'))
      return json({
        predictions: asked.instances?.map(({ content }) => ({
          embeddings: { values: vector(content.length, 8), statistics: { token_count: words(content) } },
        })),
      })
    const prompt = words([asked.systemInstruction, asked.contents])
    if (prompt > 200_000)
      return failure(
        400,
        'INVALID_ARGUMENT',
        `The input token count (${prompt}) exceeds the maximum number of tokens allowed (200000).`,
      )
    const chunks = answer(asked, prompt, model)
    return path.includes(':streamGenerateContent') ? sse(chunks) : json(whole(chunks))
  })
}

function answer(asked: Asked, prompt: number, model: string): Json[] {
  const { generationConfig: config = {} } = asked
  const end = asked.contents.at(-1)?.parts.at(-1)
  const tools = asked.tools?.flatMap(({ functionDeclarations = [] }) => functionDeclarations) ?? []
  const thoughts = config.thinkingConfig?.includeThoughts ? ['Let me ', 'think.'] : []
  const isCall = asked.toolConfig?.functionCallingConfig?.mode === 'ANY'
  const text =
    config.responseMimeType === 'application/json'
      ? '{"name": "Eve", "age": 30}'
      : end?.functionResponse
        ? 'It is 21 degrees and sunny.'
        : /count/i.test(end?.text ?? '')
          ? '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.'
          : 'The capital of France is Paris.'
  const parts: Json[] = [
    ...thoughts.map((text) => ({ text, thought: true })),
    ...(isCall
      ? [
          {
            functionCall: { id: 'fc_1', name: tools[0]?.name, args: { city: 'Lima' } },
            thoughtSignature: 'c2ln',
          },
        ]
      : (text.match(/\s*\S+/g) ?? []).map((text) => ({ text }))),
  ]
  const most = config.maxOutputTokens ?? Number.POSITIVE_INFINITY
  const given = parts.slice(0, most)
  const used = Math.max(0, given.length - thoughts.length)
  return given.map((part, index) => ({
    responseId: 'resp_1',
    modelVersion: `${model}-001`,
    candidates: [
      {
        content: { role: 'model', parts: [part] },
        index: 0,
        ...(index === given.length - 1 && {
          finishReason: given.length < parts.length ? 'MAX_TOKENS' : 'STOP',
        }),
      },
    ],
    usageMetadata: {
      promptTokenCount: prompt,
      cachedContentTokenCount: 0,
      candidatesTokenCount: used,
      ...(thoughts.length > 0 && { thoughtsTokenCount: thoughts.length }),
      totalTokenCount: prompt + given.length,
    },
  }))
}

/** The answer in one piece: neighbours of one kind are one part. */
function whole(chunks: Json[]): Json {
  const all = chunks.flatMap(({ candidates }) => candidates as { content: { parts: Json[] } }[])
  const parts: Json[] = []
  for (const part of all.flatMap(({ content }) => content.parts)) {
    const before = parts.at(-1)
    if (before?.text !== undefined && part.text !== undefined && before.thought === part.thought)
      before.text = `${before.text}${part.text}`
    else parts.push({ ...part })
  }
  const end = chunks.at(-1) as Json
  const [candidate] = end.candidates as Json[]
  return { ...end, candidates: [{ ...candidate, content: { role: 'model', parts } }] }
}

/** An error of the service. */
export function failure(code: number, status: string, message: string, details?: object[]): ServedResponse {
  return json({ error: { code, message, status, ...(details && { details }) } }, code)
}

/** A stream of these chunks. */
export function sse(chunks: object[]): ServedResponse {
  return {
    headers: { 'content-type': 'text/event-stream' },
    body: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join(''),
    chunk: 500,
  }
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(body),
  }
}
