// Speech: what is sent, and what becomes of bytes, of events, and of answers that are cut off.
import type { SpeechEvent } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../../test/server.js'
import { ask, failureOf, serve } from '../../test/wire.js'
import { openai } from '../index.js'

const delta = (text: string) => ({
  type: 'speech.audio.delta',
  audio: Buffer.from(text).toString('base64'),
})
const done = {
  type: 'speech.audio.done',
  usage: { input_tokens: 5, output_tokens: 40, total_tokens: 45 },
}
/** Not text: like every format, it has bytes that UTF-8 does not have. */
const sound = Uint8Array.of(0xff, 0xfb, 0x90, 0x64, 1)
const bytes = (type: string, body: string | Uint8Array = sound): ServedResponse => ({
  headers: type === '' ? {} : { 'content-type': type },
  body,
  chunk: 2,
})

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

describe('speak', () => {
  it('reads events of the service: start, audio, finish with the tokens', async () => {
    const server = await serve(sse([delta('one'), delta('two'), done]))
    const llm = openai('gpt-4o-mini-tts', { apiKey: 'k', baseURL: server.url, preset: 'openai' })
    const events = await all<SpeechEvent>(
      llm.speak({ text: 'Hi', voice: 'coral', format: 'opus', speed: 1.5, instructions: 'Softly' }),
    )
    const names = { provider: 'openai', model: 'gpt-4o-mini-tts', mediaType: 'audio/ogg' }
    expect(events).toEqual([
      { type: 'start', ...names },
      { type: 'audio', audio: new Uint8Array(Buffer.from('one')) },
      { type: 'audio', audio: new Uint8Array(Buffer.from('two')) },
      {
        type: 'finish',
        response: {
          ...names,
          audio: new Uint8Array(Buffer.from('onetwo')),
          usage: { inputTokens: 5, outputTokens: 40 },
        },
      },
    ])
    expect(server.requests).toMatchObject([{ path: '/audio/speech' }])
    expect(server.requests[0]?.json).toEqual({
      model: 'gpt-4o-mini-tts',
      input: 'Hi',
      voice: 'coral',
      response_format: 'opus',
      speed: 1.5,
      instructions: 'Softly',
      stream_format: 'sse',
    })
  })

  it('reads bytes as they arrive from other models and servers', async () => {
    const server = await serve(bytes('audio/mpeg; charset=binary'))
    const old = openai('tts-1', { apiKey: 'k', baseURL: server.url, preset: 'openai' })
    const { audio, mediaType, usage } = await old.speak('Hi').response()
    expect([audio, mediaType, usage]).toEqual([sound, 'audio/mpeg; charset=binary', {}])
    expect(server.requests[0]?.json).toEqual({ model: 'tts-1', input: 'Hi', voice: 'alloy' })

    const pcm = await ask(bytes('audio/pcm'))
    const pieces = await all(pcm.speak({ text: 'Hi', format: 'pcm' }).audio)
    expect(new Uint8Array(Buffer.concat(pieces))).toEqual(sound)
    expect(
      (await (await ask(bytes('application/octet-stream'))).speak({ text: 'Hi', format: 'wav' }).response())
        .mediaType,
    ).toBe('audio/wav')
    expect(
      (await (await ask(bytes('audio/pcm'))).speak({ text: 'Hi', format: 'pcm' }).response()).mediaType,
    ).toBe('audio/pcm;rate=24000')
  })

  it('refuses instructions that the model does not take, before anything is sent', async () => {
    const server = await serve(bytes('audio/mpeg'))
    const llm = openai('tts-1-hd', { apiKey: 'k', baseURL: server.url, preset: 'openai' })
    const speech = llm.speak({ text: 'Hi', instructions: 'Softly' })
    expect(await failureOf(speech.response())).toMatchObject({ code: 'unsupported', model: 'tts-1-hd' })
    expect(server.requests).toHaveLength(0)
  })

  it('never takes an answer that was cut off for a whole one', async () => {
    const cut = (served: ServedResponse) => ask(served).then((llm) => failureOf(llm.speak('Hi').response()))
    expect(await cut(sse([delta('one')]))).toMatchObject({ code: 'bad-response' })
    expect(await cut({ ...bytes('audio/mpeg'), resetAt: 2 })).toMatchObject({
      code: 'network',
    })
    expect(await cut(bytes('audio/mpeg', ''))).toMatchObject({ code: 'empty-response' })
    expect(await cut(json({ error: { message: 'no such voice', code: 400 } }))).toMatchObject({
      code: 'invalid-request',
    })
    const broken = sse([delta('one'), { type: 'error', error: { message: 'Busy', code: 'server_error' } }])
    expect(await cut(broken)).toMatchObject({ code: 'server-error' })
  })

  it.each([
    ['text', bytes('text/plain', 'Internal error'), 'Internal error'],
    ['text without a type', bytes('', 'Internal error'), 'Internal error'],
    ['text as audio', bytes('audio/mpeg', 'Störung im Dienst'), 'Störung'],
    ['JSON without a type', bytes('', '{"error":{"message":"no such voice"}}'), 'no such voice'],
    ['JSON as audio', bytes('audio/mpeg', ' {"error":{"message":"no such voice"}}'), 'no such voice'],
    [
      'JSON as an unknown format',
      bytes('audio/x-own', '{"error":{"message":"no such voice"}}'),
      'no such voice',
    ],
    ['a page as audio', bytes('audio/wav', '<!doctype html><title>Busy</title>'), 'Busy'],
  ])('never takes an error for audio: %s', async (_, served, message) => {
    const failure = await failureOf((await ask(served)).speak('Hi').response())
    expect(failure.message).toContain(message)
  })

  it.each([
    'application/json',
    'audio/mpeg',
    'text/plain',
  ])('reads no more of text in place of audio than an error has: %s', async (type) => {
    const server = await serve({ ...bytes(type, ' '.repeat(1000)), chunk: 1000, endless: true })
    const llm = openai('tts', { apiKey: 'k', baseURL: server.url, retry: false })
    expect(await failureOf(llm.speak('Hi').response())).toMatchObject({ code: 'bad-response' })
    await expect.poll(() => server.open).toBe(0)
  })

  it('takes audio of a format that it does not know as it is', async () => {
    const llm = await ask(bytes('audio/x-own', 'words'))
    expect(Buffer.from((await llm.speak('Hi').response()).audio).toString()).toBe('words')
  })

  it('retries until the first piece of audio, and not after it', async () => {
    let requests = 0
    const server = await faultServer(() =>
      requests++ === 0 ? json({ error: { message: 'Busy' } }, 503) : bytes('audio/mpeg'),
    )
    const llm = openai('tts', { apiKey: 'k', baseURL: server.url, retry: { retries: 1, baseDelay: 1 } })
    expect((await llm.speak('Hi').response()).audio).toEqual(sound)
    expect(requests).toBe(2)
    await server.close()
  })

  it('ends the request when its reader leaves', async () => {
    const server = await serve({ ...bytes('audio/mpeg'), stallAt: 3 })
    const llm = openai('tts', { apiKey: 'k', baseURL: server.url })
    for await (const audio of llm.speak('Hi').audio) {
      expect(audio.length).toBeGreaterThan(0)
      break
    }
    await llm.close()
    await expect.poll(() => server.open).toBe(0)
  })
})
