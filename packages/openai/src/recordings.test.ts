// Recorded answers of OpenAI and twelve compatible services: the exact text, reasoning, calls, finish reason and usage; an error
// if truncated anywhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type ChatResponse, isLlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openai } from './index.js'

const folder = process.env.PATCHBAY_RECORDINGS ?? ''
interface Meta {
  api: string
  response: { status: number; headers: Record<string, string>; bodyFile: string }
  expect: {
    text: string
    reasoning: string
    toolCalls: { id: string; name: string; input: unknown }[]
    stopReasonRaw?: string | null
    usageRaw?: Record<string, unknown> | null
    otherBlocks?: Record<string, number> | null
    terminated?: boolean | null
    errorRaw?: { message: string } | null
    vectors?: number
    dims?: number
  }
}
const recorded = (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
  if (!existsSync(`${folder}/${name}/meta.json`)) return []
  const meta: Meta = JSON.parse(readFileSync(`${folder}/${name}/meta.json`, 'utf8'))
  return meta.api.startsWith('openai-')
    ? [{ name, meta, body: readFileSync(`${folder}/${name}/${meta.response.bodyFile}`) }]
    : []
})
const chats = recorded.filter(({ meta }) => meta.api !== 'openai-embeddings')
const embeddings = recorded.filter(({ meta }) => meta.api === 'openai-embeddings')
if (recorded.length === 0)
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})

describe.skipIf(recorded.length === 0)('recorded answers of services', () => {
  let answer: ServedResponse = {}
  let server: Awaited<ReturnType<typeof faultServer>>
  beforeAll(async () => {
    server = await faultServer(() => answer)
  })
  afterAll(() => server.close())
  const provider = ({ api }: Meta) =>
    openai('gpt-x', {
      baseURL: server.url,
      retry: false,
      api: api === 'openai-responses' ? 'responses' : 'chat',
    })

  it.each(chats)('$name', async ({ meta, body }) => {
    const { status, headers } = meta.response
    answer = { status, headers, body, chunk: 1000 }
    const outcome: unknown = await provider(meta)
      .chat('Hello')
      .catch((error: unknown) => error)
    const { expect: expected } = meta
    if (expected.errorRaw) {
      expect(isLlmError(outcome)).toBe(true)
      expect((outcome as Error).message).toContain(
        expected.errorRaw.message.replace(/\s+/g, ' ').slice(0, 60),
      )
      return
    }
    if (isLlmError(outcome)) throw outcome
    const response = outcome as ChatResponse
    expect(response.text).toBe(expected.text)
    expect(response.reasoning).toBe(expected.reasoning)
    expect(response.toolCalls).toEqual(
      expected.toolCalls.map((call) => (call.id ? call : { ...call, id: expect.any(String) })),
    )
    expect(response.rawFinishReason).toBe(expected.stopReasonRaw ?? undefined)
    const raw = expected.usageRaw ?? {}
    const input = raw.prompt_tokens ?? raw.input_tokens
    const output = raw.completion_tokens ?? raw.output_tokens
    expect(response.usage.inputTokens).toBe(input)
    expect(response.usage.outputTokens).toBe(output)
    const kinds: Record<string, number> = {}
    for (const part of response.message.content)
      if (part.type === 'provider-block') kinds[part.kind] = (kinds[part.kind] ?? 0) + 1
    expect(kinds).toEqual(expected.otherBlocks ?? {})
  })

  it.each(
    chats.filter(({ meta }) => meta.response.bodyFile.endsWith('.sse') && !meta.expect.errorRaw),
  )('$name cut anywhere is an error', async ({ meta, body }) => {
    const { status, headers } = meta.response
    for (const share of [0.15, 0.5, 0.8])
      for (const fault of ['cutAt', 'resetAt']) {
        answer = { status, headers, body, [fault]: Math.floor(body.length * share) }
        const outcome: unknown = await provider(meta)
          .chat('Hello')
          .catch((error) => error)
        // Only where the reason to stop was already there is it a whole answer.
        const arrived = body.subarray(0, Math.floor(body.length * share)).toString()
        const mayBeWhole = fault === 'cutAt' && /"finish_reason":\s*"/.test(arrived)
        expect(isLlmError(outcome) || mayBeWhole).toBe(true)
      }
  })

  it.each(
    chats.filter(
      ({ meta }) =>
        meta.api === 'openai-responses' && meta.response.bodyFile.endsWith('.json') && !meta.expect.errorRaw,
    ),
  )('$name goes back item by item', async ({ meta, body }) => {
    const { status, headers } = meta.response
    answer = { status, headers, body }
    const { message, toolCalls } = await provider(meta).chat('Hello')
    const results = toolCalls.map(({ id }) => ({ type: 'tool-result' as const, id, output: 'done' }))
    const next = results.length > 0 ? [{ role: 'tool' as const, content: results }] : []
    await provider(meta).chat(['Hello', message, ...next, 'Go on.'])
    const { input } = server.requests.at(-1)?.json as { input: Record<string, unknown>[] }
    const output: Record<string, unknown>[] = JSON.parse(body.toString()).output
    // Reasoning that was not encrypted cannot go back, and what followed it goes back without its id.
    const kept = output.filter((item) => item.type !== 'reasoning' || item.encrypted_content)
    const sent = input.slice(1, 1 + kept.length)
    const isBound = (item: Record<string, unknown>) => {
      const before = output.slice(0, output.indexOf(item)).findLast(({ type }) => type === 'reasoning')
      return /^(message|function_call)$/.test(String(item.type)) && before && !before.encrypted_content
    }
    expect(sent.map(({ type, id }) => [type, id])).toEqual(
      kept.map((item) => [item.type, isBound(item) ? undefined : item.id]),
    )
    for (const [index, item] of kept.entries()) {
      if (item.type === 'function_call')
        expect(JSON.parse(String(sent[index]?.arguments))).toEqual(JSON.parse(String(item.arguments)))
      else if (item.type !== 'message') expect(sent[index]).toEqual(item)
    }
  })

  it.each(embeddings)('$name', async ({ meta, body }) => {
    answer = { status: meta.response.status, headers: meta.response.headers, body }
    const count = meta.expect.vectors ?? 0
    const { vectors } = await provider(meta).embed(
      Array.from({ length: count }, (_, index) => `text ${index}`),
    )
    expect(vectors.map(({ length }) => length)).toEqual(
      Array(count).fill(meta.expect.dims ?? expect.any(Number)),
    )
  })
})

describe.skipIf(recorded.length === 0)(
  'law: the events of a recorded stream are the same whatever the packets',
  () => {
    it.each(
      chats.filter(({ meta }) => meta.response.bodyFile.endsWith('.sse') && !meta.expect.errorRaw),
    )('$name', async ({ meta, body }) => {
      const { status, headers } = meta.response
      const eventsOf = async (cuts: number[]) => {
        const places = [0, ...cuts.map((cut) => cut % body.length).sort((a, b) => a - b), body.length]
        const fetch: typeof globalThis.fetch = async () => {
          const pieces = places.slice(1).map((place, index) => body.subarray(places[index], place))
          const stream = new ReadableStream({
            pull(controller) {
              const piece = pieces.shift()
              if (piece === undefined) controller.close()
              else controller.enqueue(new Uint8Array(piece))
            },
          })
          return new Response(stream, { status, headers })
        }
        const events: unknown[] = []
        for await (const event of openai('gpt-x', {
          apiKey: 'k',
          baseURL: 'http://127.0.0.1:1',
          retry: false,
          fetch,
          api: meta.api === 'openai-responses' ? 'responses' : 'chat',
        }).stream('Hello'))
          events.push(event.type === 'finish' ? event.response.message : event)
        return JSON.stringify(events).replaceAll(/call_[0-9a-f-]{36}/g, 'call')
      }
      const whole = await eventsOf([])
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 60 }), async (cuts) => {
          expect(await eventsOf(cuts)).toBe(whole)
        }),
        { numRuns: 4 },
      )
    })
  },
)
