// Recorded answers of the real service: their text, reasoning, calls, finish reason and usage, and their blocks unchanged
// when they go back as history.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isLlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claude } from './index.js'

const folder = process.env.PATCHBAY_RECORDINGS ?? ''
interface Meta {
  api: string
  response: { status: number; headers: Record<string, string>; bodyFile: string }
  expect: {
    text: string
    reasoning: string
    toolCalls: unknown[]
    stopReasonRaw?: string | null
    usageRaw?: Record<string, number> | null
    otherBlocks?: Record<string, number> | null
    terminated?: boolean
    errorRaw?: { message: string } | null
  }
}
const recorded = (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
  if (!existsSync(`${folder}/${name}/meta.json`)) return []
  const meta: Meta = JSON.parse(readFileSync(`${folder}/${name}/meta.json`, 'utf8'))
  return meta.api === 'anthropic-messages'
    ? [{ name, meta, body: readFileSync(`${folder}/${name}/${meta.response.bodyFile}`) }]
    : []
})
if (recorded.length === 0)
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})

describe.skipIf(recorded.length === 0)('recorded answers of the service', () => {
  let answer: ServedResponse = {}
  let server: Awaited<ReturnType<typeof faultServer>>
  beforeAll(async () => {
    server = await faultServer(() => answer)
  })
  afterAll(() => server.close())
  const provider = () => claude('claude-x', { apiKey: 'sk-test', baseURL: server.url, retry: false })

  it.each(recorded)('$name', async ({ meta, body }) => {
    const { status, headers } = meta.response
    answer = { status, headers, body, chunk: 1000 }
    const outcome = await provider()
      .chat('Hello')
      .catch((error: unknown) => error)
    const { expect: expected } = meta
    if (expected.errorRaw || expected.terminated === false) {
      expect(isLlmError(outcome)).toBe(true)
      if (expected.errorRaw)
        expect(outcome).toMatchObject({ message: expect.stringContaining(expected.errorRaw.message) })
      return
    }
    if (isLlmError(outcome)) throw outcome
    const response = outcome as Awaited<ReturnType<ReturnType<typeof provider>['chat']>>
    expect(response.text).toBe(expected.text)
    expect(response.reasoning).toBe(expected.reasoning)
    expect(response.toolCalls).toEqual(expected.toolCalls)
    expect(response.rawFinishReason).toBe(expected.stopReasonRaw ?? undefined)
    const raw = expected.usageRaw ?? {}
    const sum =
      (raw.input_tokens ?? 0) + (raw.cache_read_input_tokens ?? 0) + (raw.cache_creation_input_tokens ?? 0)
    expect(response.usage).toMatchObject({ inputTokens: sum, outputTokens: raw.output_tokens })
    const kinds: Record<string, number> = {}
    for (const part of response.message.content) {
      const kind =
        part.type === 'provider-block'
          ? part.kind
          : part.type === 'reasoning' &&
              (part.opaque?.data as { type?: string })?.type === 'redacted_thinking'
            ? 'redacted_thinking'
            : undefined
      if (kind !== undefined) kinds[kind] = (kinds[kind] ?? 0) + 1
    }
    expect(kinds).toEqual(expected.otherBlocks ?? {})
  })

  it.each(
    recorded.filter(({ meta }) => meta.response.bodyFile.endsWith('.json') && !meta.expect.errorRaw),
  )('$name goes back unchanged', async ({ meta, body }) => {
    const { status, headers } = meta.response
    answer = { status, headers, body }
    const { message } = await provider().chat('Hello')
    const results = message.content.flatMap((part) =>
      part.type === 'tool-call' ? [{ type: 'tool-result' as const, id: part.id, output: 'done' }] : [],
    )
    await provider().chat([
      'Hello',
      message,
      ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
      'Go on.',
    ])
    const sent = server.requests.at(-1)?.json as {
      messages: { role: string; content: Record<string, unknown>[] }[]
    }
    // A turn in which nothing was said is left out.
    if (message.content.length === 0) return expect(sent.messages).toHaveLength(1)
    const original = JSON.parse(body.toString()).content.filter(
      (block: { type: string; text?: string }) => block.type !== 'text' || block.text !== '',
    )
    expect(sent.messages[1]?.content.map(withoutNull)).toEqual(original.map(withoutNull))
  })

  it.each(
    recorded.filter(({ meta }) => meta.response.bodyFile.endsWith('.sse') && meta.expect.terminated),
  )('$name cut anywhere is an error', async ({ meta, body }) => {
    const { status, headers } = meta.response
    for (const share of [0.15, 0.5, 0.8])
      for (const fault of ['cutAt', 'resetAt']) {
        answer = { status, headers, body, [fault]: Math.floor(body.length * share) }
        const outcome: unknown = await provider()
          .chat('Hello')
          .catch((error) => error)
        expect(isLlmError(outcome)).toBe(true)
      }
  })
})

describe.skipIf(recorded.length === 0)(
  'law: the events of a recorded stream are the same whatever the packets',
  () => {
    it.each(
      recorded.filter(
        ({ meta }) =>
          meta.response.bodyFile.endsWith('.sse') && meta.expect.terminated && !meta.expect.errorRaw,
      ),
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
        for await (const event of claude('claude-x', { apiKey: 'k', retry: false, fetch }).stream('Hello'))
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

/** The service says `citations: null` where there are none, and takes it absent. */
function withoutNull(block: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(block).filter(([, value]) => value !== null))
}
