// What goes through a queue with a call: options, bytes, errors, news, aborts, and the pace of the reader.
import { type CallOptions, type ChatInput, LlmError, type PreparedChat } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { freshName, gate, openQueue, openWorker, provider, queued } from '../test/world.js'

describe.skipIf(!hasRedis)('a call through a queue', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const open = async (worker: ReturnType<typeof provider>, concurrency = 4) => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    await openWorker(name, worker, { redis: redis.url, concurrency })
    return llm
  }

  it('takes along bytes, headers, and the options of the worker’s provider', async () => {
    const seen: { chat?: PreparedChat; headers?: object } = {}
    const llm = await open(
      provider(async function* (chat, { headers }) {
        Object.assign(seen, { chat, headers })
        yield { type: 'text', text: 'Seen.' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
    )
    const data = Uint8Array.from({ length: 256 }, (_, index) => index)
    await llm.chat(
      {
        messages: [{ role: 'user', content: [{ type: 'image', data, mediaType: 'image/png' }] }],
        providerOptions: { own: { tier: 'flex' } },
      },
      { headers: { 'x-trace': 't1' } },
    )
    expect(seen.headers).toEqual({ 'x-trace': 't1' })
    expect(seen.chat?.providerOptions).toEqual({ tier: 'flex' })
    const [part] = seen.chat?.messages[0]?.content ?? []
    expect(part).toMatchObject({ type: 'image', data: Buffer.from(data).toString('base64') })
  })

  it('takes along labels for the worker’s policies', async () => {
    const inner = mockProvider()
    const labels: unknown[] = []
    const stream = (request: ChatInput, options?: CallOptions) => {
      labels.push(options?.metadata)
      return inner.stream(request, options)
    }
    const llm = await open(Object.assign(Object.create(inner), { stream }))
    await llm.chat('Hi', { metadata: { key: 'ann' } })
    expect(labels).toEqual([{ key: 'ann' }])
  })

  it('makes images and speech, with their bytes, options and usage', async () => {
    const seen: unknown[] = []
    const data = Uint8Array.from({ length: 256 }, (_, index) => index)
    const llm = await open(
      provider(async function* () {}, {
        image: async ({ images, ...request }) => {
          seen.push({ ...request, images: images.map(({ data }) => Buffer.from(String(data), 'base64')) })
          const usage = { outputTokens: 3 }
          return {
            images: [{ data, mediaType: 'image/png', revisedPrompt: 'A hat.' }],
            usage,
            model: 'own-2',
          }
        },
        async *speak(request) {
          seen.push(request)
          yield { type: 'start', mediaType: 'audio/pcm;rate=24000', model: 'own-3' }
          // More than the caller may be behind.
          for (let piece = 0; piece < 1000; piece++) yield { type: 'audio', audio: data }
          yield { type: 'finish', usage: { inputTokens: 5 } }
        },
      }),
    )
    const providerOptions = { own: { tier: 'flex' } }
    const input = { data, mediaType: 'image/png' }
    expect(await llm.image({ prompt: 'A hat', images: [input], mask: input, n: 2, providerOptions })).toEqual(
      {
        images: [{ data, mediaType: 'image/png', revisedPrompt: 'A hat.' }],
        ...{ usage: { outputTokens: 3 }, model: 'own-2', provider: 'queue' },
      },
    )
    const { audio, ...rest } = await llm.speak({ text: 'Hi', voice: 'coral', providerOptions }).response()
    expect(rest).toEqual({
      ...{ mediaType: 'audio/pcm;rate=24000', usage: { inputTokens: 5 } },
      ...{ model: 'own-3', provider: 'queue' },
    })
    expect(Buffer.from(audio).equals(Buffer.concat(Array.from({ length: 1000 }, () => data)))).toBe(true)
    expect(seen).toMatchObject([
      { prompt: 'A hat', n: 2, images: [Buffer.from(data)], providerOptions: { tier: 'flex' } },
      { text: 'Hi', voice: 'coral', providerOptions: { tier: 'flex' } },
    ])
  })

  it('leaves speech that is read no further, and fails as it failed at the worker', async () => {
    const left = gate()
    const llm = await open(
      provider(async function* () {}, {
        async *speak({ text }) {
          yield { type: 'start', mediaType: 'audio/mpeg' }
          if (text === 'fail') throw new LlmError('content-filtered', 'Not this text.', { status: 400 })
          try {
            for (;;) yield { type: 'audio', audio: new Uint8Array(10_000) }
          } finally {
            left.open()
          }
        },
      }),
    )
    for await (const piece of llm.speak('long').audio) {
      expect(piece).toHaveLength(10_000)
      break
    }
    await left.opened
    await expect(llm.speak('fail').response()).rejects.toMatchObject({
      ...{ code: 'content-filtered', status: 400, provider: 'queue' },
    })
    await expect(llm.image('none')).rejects.toMatchObject({ code: 'unsupported', provider: 'queue' })
  })

  it('fails as it failed at the worker, without keys, with the tokens it took and what had arrived', async () => {
    const key = `sk-ant-${'a1B2c3'.repeat(8)}`
    const llm = await open(
      provider(async function* () {
        yield { type: 'text', text: 'So far ' }
        yield { type: 'usage', usage: { inputTokens: 7, outputTokens: 2 } }
        throw new LlmError('rate-limited', `Too many requests for ${key}.`, {
          ...{ status: 429, retryAfterMs: 1500, requestId: 'r1', responseBody: `{"key":"${key}"}` },
        })
      }),
    )
    const error = await llm.chat('Hi').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      ...{ code: 'rate-limited', status: 429, retryAfterMs: 1500, requestId: 'r1', retryable: true },
      ...{ provider: 'queue', partial: { text: 'So far ', usage: { inputTokens: 7, outputTokens: 2 } } },
    })
    expect(JSON.stringify(error) + String(error)).not.toContain(key)
  })

  it('on a worker whose provider is closed may be tried again', async () => {
    const closed = mockProvider()
    await closed.close()
    const llm = await open(closed)
    await expect(llm.chat('Hi')).rejects.toMatchObject({ code: 'worker-crashed', retryable: true })
  })

  it('hears what its worker hears', async () => {
    const llm = await open(
      provider(async function* (_, { status }) {
        status({ type: 'loading', model: 'own-1', progress: 0.5 })
        yield { type: 'text', text: 'x' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
    )
    const news: unknown[] = []
    await llm.chat('Hi', { onStatus: (status) => news.push(status) })
    expect(news).toEqual([
      { type: 'queued', position: 1 },
      { type: 'loading', model: 'own-1', progress: 0.5 },
    ])
  })

  it.each([
    'an abort',
    'a deadline',
    'leaving the loop',
  ])('is stopped at its worker, too: %s', async (how) => {
    const stopped = gate()
    const began = gate()
    const llm = await open(
      provider(async function* (_, { signal }) {
        signal.addEventListener('abort', stopped.open)
        yield { type: 'text', text: 'x' }
        began.open()
        await new Promise(() => {})
      }),
    )
    const controller = new AbortController()
    const timeout = how === 'a deadline' ? 1500 : 60_000
    const reading = (async () => {
      for await (const event of llm.stream('Hi', { signal: controller.signal, timeout }))
        if (how === 'leaving the loop' && event.type === 'text') return 'left'
      return 'read'
    })().catch((error: LlmError) => error.code)
    await began.opened
    if (how === 'an abort') controller.abort()
    await stopped.opened
    expect(await reading).toBe({ 'an abort': 'aborted', 'a deadline': 'timeout' }[how] ?? 'left')
  })

  it('that is aborted while it waits is never begun', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const controller = new AbortController()
    const { answer } = await queued(llm, 'first', { signal: controller.signal })
    controller.abort()
    await answer.catch(() => {})
    const second = await queued(llm, 'second')
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url })
    await second.answer
    expect(JSON.stringify(mock.requests)).not.toContain('first')
  })

  it('waits for its own slow reader, and holds up nobody else', async () => {
    const piece = 'x'.repeat(1000)
    const total = 1000
    let made = 0
    const llm = await open(
      provider(async function* ({ messages }) {
        const isLong = JSON.stringify(messages).includes('long')
        for (let index = 0; index < (isLong ? total : 1); index++) {
          if (isLong) made++
          yield { type: 'text', text: piece }
        }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
      2,
    )
    const events = llm.stream('long').text[Symbol.asyncIterator]()
    let length = (await events.next()).value?.length ?? 0
    // Each of these goes the way that the rest of the long answer would go.
    for (let call = 0; call < 20; call++) expect((await llm.chat('short')).text).toBe(piece)
    expect(made).toBeLessThan(150)
    for (let next = await events.next(); !next.done; next = await events.next()) length += next.value.length
    expect([made, length]).toEqual([total, total * piece.length])
  })
})
