// Speech through the lifecycle of a call: events, retries, time limits, aborts, closing, and what is refused.
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../../testing/src/fake-clock.js'
import { can, failureOf, overTime } from '../../test/world.js'
import {
  type Backend,
  type BackendSpeechEvent,
  type CallOptions,
  defineProvider,
  LlmError,
  type PreparedSpeak,
  type ProviderOptions,
  type SpeakRequest,
  type SpeechEvent,
} from '../index.js'

type Step = BackendSpeechEvent | { wait: number } | { fail: unknown }
const start: Step = { type: 'start', mediaType: 'audio/mpeg', model: 'spoken-1' }
const audio = (...bytes: number[]): Step => ({ type: 'audio', audio: Uint8Array.from(bytes) })
const finish: Step = { type: 'finish', usage: { inputTokens: 2, outputTokens: 9 } }

/** A provider whose attempts to speak follow the scripts, one each; the last one repeats. */
function speaking(
  scripts: Step[][],
  options: ProviderOptions = {},
  capabilities: Backend['capabilities'] = () => can,
) {
  const clock = fakeClock()
  const seen = { requests: [] as PreparedSpeak[], pulled: 0, ended: 0, aborted: 0 }
  const provider = defineProvider(
    {
      provider: 'scripted',
      model: 'scripted-1',
      capabilities,
      async *chat() {},
      async *speak(request, { signal }) {
        const script = scripts[Math.min(seen.requests.length, scripts.length - 1)] ?? []
        seen.requests.push(request)
        signal.addEventListener('abort', () => seen.aborted++)
        try {
          for (const step of script) {
            if ('wait' in step) await new Promise<void>((resolve) => void clock.timer(step.wait, resolve))
            else if ('fail' in step) throw step.fail
            else {
              seen.pulled++
              yield step
            }
          }
        } finally {
          seen.ended++
        }
      },
    },
    { clock, random: () => 1, ...options },
  )
  return { provider, clock, seen }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

const overloaded = new LlmError('overloaded', 'Busy.', { retryable: true })

describe('speak', () => {
  it('gives start, the audio, and finish with all of it; nothing is sent before it is read', async () => {
    const { provider, seen } = speaking([[start, audio(1, 2), audio(), audio(3), finish]])
    const stream = provider.speak({
      text: 'Hi',
      voice: 'coral',
      speed: undefined,
      providerOptions: { scripted: { own: 1 }, other: {} },
    })
    await undefined
    expect(seen.requests).toHaveLength(0)
    const names = { provider: 'scripted', model: 'spoken-1', mediaType: 'audio/mpeg' }
    const response = {
      ...names,
      audio: Uint8Array.of(1, 2, 3),
      usage: { inputTokens: 2, outputTokens: 9 },
    }
    expect(await all<SpeechEvent>(stream)).toEqual([
      { type: 'start', ...names },
      { type: 'audio', audio: Uint8Array.of(1, 2) },
      { type: 'audio', audio: Uint8Array.of(3) },
      { type: 'finish', response },
    ])
    expect(await stream.response()).toEqual(response)
    expect(seen.requests).toEqual([{ text: 'Hi', voice: 'coral', providerOptions: { own: 1 } }])
    expect(await all(provider.speak('Hi').audio)).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)])
    expect((await provider.speak('Hi').response()).audio).toEqual(Uint8Array.of(1, 2, 3))
    await expect(async () => all(stream)).rejects.toMatchObject({ code: 'invalid-request' })
  })

  it('is refused before it is sent if the model is known not to speak', async () => {
    const { provider, seen } = speaking([[start, audio(1), finish]], {}, () => ({ ...can, speech: false }))
    expect(await failureOf(provider.speak('Hi').response())).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not make speech'),
    })
    expect(seen.requests).toHaveLength(0)
  })

  it('ends when it is aborted, while the capabilities of its model do not arrive', async () => {
    const { provider, seen } = speaking([[start, audio(1), finish]], {}, () => new Promise(() => {}))
    const stream = provider.speak('Hi')
    const failure = failureOf(stream.response())
    stream.abort()
    expect(await failure).toMatchObject({ code: 'aborted' })
    await provider.close()
    expect(seen.requests).toHaveLength(0)
  })

  it('ends where the audio is more than one answer can be, and says what to do', async () => {
    // One array, sent again and again: no audio of that size is made.
    const much: Step = { type: 'audio', audio: new Uint8Array(64 * 1024 * 1024) }
    const { provider, seen } = speaking([[start, much, much, much, much, audio(1), finish]])
    expect(await failureOf(provider.speak('Hi').response())).toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('Split the text'),
    })
    expect(seen).toMatchObject({ pulled: 6, ended: 1 })
  })

  it('is retried until the first audio, and not after it', async () => {
    const early = speaking([
      [start, { fail: overloaded }],
      [start, audio(1), finish],
    ])
    expect(await overTime(early.clock, early.provider.speak('Hi').response())).toMatchObject({
      audio: Uint8Array.of(1),
    })
    expect(early.seen).toMatchObject({ ended: 2, aborted: 1 })
    const late = speaking([[start, audio(1), { fail: overloaded }]])
    const error = await overTime(late.clock, failureOf(late.provider.speak('Hi').response()))
    expect(error).toMatchObject({ code: 'overloaded', attempts: 1, provider: 'scripted' })
    expect(late.seen.requests).toHaveLength(1)
  })

  it.each<[string, Step[], CallOptions['timeout'], string]>([
    ['first', [start, { wait: 1e6 }, audio(1), finish], { first: 1000 }, 'No answer began'],
    ['idle', [start, audio(1), { wait: 1e6 }, finish], { idle: 1000 }, 'stopped coming'],
    ['total', [start, audio(1), { wait: 1e6 }, finish], { total: 5000 }, 'not done'],
  ])('has the time limit %s', async (_, script, timeout, text) => {
    const { provider, clock, seen } = speaking([script])
    const stream = provider.speak('Hi', { timeout, retry: false })
    const error = await overTime(clock, failureOf(all(stream)))
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining(text) })
    expect(seen.aborted).toBe(1)
  })

  it('does not count the time of a slow reader as silence', async () => {
    const { provider, clock } = speaking([[start, audio(1), audio(2), finish]])
    const got: number[] = []
    const reading = (async () => {
      for await (const piece of provider.speak('Hi', { timeout: { idle: 1000 } }).audio) {
        got.push(...piece)
        await new Promise<void>((resolve) => void clock.timer(60_000, resolve))
      }
    })()
    await overTime(clock, reading, 1000)
    expect(got).toEqual([1, 2])
  })

  it('ends by its caller: signal, abort() and leaving the loop', async () => {
    const script = [start, audio(1), { wait: 1e6 }, finish]
    const bySignal = speaking([script])
    const controller = new AbortController()
    const first = failureOf(bySignal.provider.speak('Hi', { signal: controller.signal }).response())
    await bySignal.clock.advance(10)
    controller.abort('enough')
    expect(await first).toMatchObject({ code: 'aborted', cause: 'enough' })

    const byAbort = speaking([script])
    const stream = byAbort.provider.speak('Hi')
    const second = failureOf(stream.response())
    await byAbort.clock.advance(10)
    stream.abort('enough')
    expect(await second).toMatchObject({ code: 'aborted', cause: 'enough', provider: 'scripted' })

    const byLeaving = speaking([[start, audio(1), audio(2), finish]])
    for await (const _ of byLeaving.provider.speak('Hi').audio) break
    // It waits for running calls.
    await byLeaving.provider.close()
    expect(byLeaving.seen).toMatchObject({ ended: 1, aborted: 1 })

    const before = speaking([script])
    const unread = before.provider.speak('Hi')
    unread.abort()
    expect(await failureOf(unread.response())).toMatchObject({ code: 'aborted' })
    expect(before.seen.requests).toHaveLength(0)
  })

  it('lets the provider close although a reader stopped reading, once the time is up', async () => {
    const { provider, clock, seen } = speaking([[start, audio(1), audio(2), finish]])
    const reader = provider.speak('Hi', { timeout: { total: 5000 } })[Symbol.asyncIterator]()
    await reader.next()
    const closing = provider.close()
    await overTime(clock, closing)
    expect(seen.aborted).toBe(1)
    await expect(reader.next()).rejects.toMatchObject({ code: 'timeout' })
    expect(await failureOf(provider.speak('Hi').response())).toMatchObject({ code: 'closed' })
  })

  it('keeps the whole although its reader changes or transfers the pieces, and leaves out impossible counts', async () => {
    const usage = { inputTokens: -2, outputTokens: Number.NaN }
    const { provider } = speaking([[start, audio(1), audio(2), { type: 'finish', usage }]])
    const stream = provider.speak('Hi')
    for await (const piece of stream.audio)
      if (piece[0] === 1) piece.fill(9)
      else structuredClone(piece, { transfer: [piece.buffer as ArrayBuffer] })
    expect(await stream.response()).toMatchObject({ audio: Uint8Array.of(1, 2), usage: {} })
    expect(Object.keys((await stream.response()).usage)).toEqual([])
  })

  it('is over at its finish, whether anybody reads on or not', async () => {
    const { provider } = speaking([[start, audio(1), finish]])
    const events = provider.speak('Hi')[Symbol.asyncIterator]()
    for (let type: string | undefined; type !== 'finish'; ) type = (await events.next()).value?.type
    await provider.close()
    expect(await events.next()).toMatchObject({ done: true })
  })

  it('is never whole without a finish, nor without audio', async () => {
    const cut = speaking([[start, audio(1)]])
    expect(await failureOf(cut.provider.speak('Hi').response())).toMatchObject({ code: 'bad-response' })
    const none = speaking([[start, finish]], { retry: false })
    expect(await failureOf(none.provider.speak('Hi').response())).toMatchObject({ code: 'empty-response' })
  })

  it.each<[string, unknown]>([
    ['request', 7],
    ['text', ''],
    ['text', { text: ' ' }],
    ['voice', { text: 't', voice: 3 }],
    ['instructions', { text: 't', instructions: '' }],
    ['format', { text: 't', format: 'mp4' }],
    ['speed', { text: 't', speed: 0 }],
    ['speed', { text: 't', speed: Number.NaN }],
    ['input', { input: 't' }],
  ])('refuses a wrong %s: %j', async (path, request) => {
    const { provider, seen } = speaking([[start, audio(1), finish]])
    const error = await failureOf(provider.speak(request as SpeakRequest).response())
    expect(error).toMatchObject({ code: 'invalid-request', provider: 'scripted', model: 'scripted-1' })
    expect(error.message).toContain(path)
    expect(seen.requests).toHaveLength(0)
  })

  it('is unsupported without a backend for it', async () => {
    const { provider } = {
      provider: defineProvider({ provider: 'x', model: 'm', capabilities: () => can, async *chat() {} }),
    }
    expect(await failureOf(provider.speak('Hi').response())).toMatchObject({
      code: 'unsupported',
      provider: 'x',
      model: 'm',
    })
  })
})
