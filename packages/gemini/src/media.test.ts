// Images and speech: the official client as the judge of what is sent, and what becomes of the answers.
import { GoogleGenAI, Modality } from '@google/genai'
import type { ImageRequest, SpeakRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, chunk, failureOf, last, options, serve } from '../test/wire.js'
import { gemini } from './index.js'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const png = { inlineData: { mimeType: 'image/png', data: base64('png') } }
const pcm = (text: string) => ({
  inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: base64(text) },
})
const drawn = json(last('STOP', [{ text: 'Here it is.' }, png]))
const spoken = sse([chunk([pcm('one')]), chunk([pcm('two')]), last()])
const imagen = json({
  predictions: [
    { bytesBase64Encoded: base64('a'), mimeType: 'image/jpeg', prompt: 'A cat, sitting' },
    { raiFilteredReason: 'Blocked.' },
  ],
})

/** The same request from us and from the official client. */
async function both(
  answer: Parameters<typeof serve>[0],
  model: string,
  ours: (llm: ReturnType<typeof gemini>) => Promise<unknown>,
  theirs: (client: GoogleGenAI) => Promise<unknown>,
) {
  const [one, other] = [await serve(answer), await serve(answer)]
  await ours(gemini(model, { ...options, baseURL: one.url }))
  await theirs(
    new GoogleGenAI({ apiKey: options.apiKey, vertexai: false, httpOptions: { baseUrl: other.url } }),
  )
  expect(one.requests[0]?.path).toBe(other.requests[0]?.path)
  expect(one.requests[0]?.json).toEqual(other.requests[0]?.json)
}

describe('what is sent is what the official client sends', () => {
  it('for an image, with one to edit', async () => {
    const model = 'gemini-3.1-flash-image'
    await both(
      drawn,
      model,
      (llm) =>
        llm.image({
          prompt: 'Add a hat',
          images: [{ data: base64('old'), mediaType: 'image/jpeg' }],
          aspectRatio: '16:9',
          seed: 7,
        }),
      (client) =>
        client.models.generateContent({
          model,
          contents: [
            {
              role: 'user',
              parts: [{ inlineData: { mimeType: 'image/jpeg', data: base64('old') } }, { text: 'Add a hat' }],
            },
          ],
          config: {
            responseModalities: [Modality.TEXT, Modality.IMAGE],
            seed: 7,
            imageConfig: { aspectRatio: '16:9' },
          },
        }),
    )
  })

  it('for speech', async () => {
    const model = 'gemini-3.1-flash-tts-preview'
    await both(
      spoken,
      model,
      (llm) => llm.speak({ text: 'Hello', voice: 'Puck', instructions: 'Say cheerfully' }).response(),
      async (client) => {
        const stream = await client.models.generateContentStream({
          model,
          contents: [{ role: 'user', parts: [{ text: 'Say cheerfully:\nHello' }] }],
          config: {
            responseModalities: [Modality.AUDIO],
            speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } } },
          },
        })
        for await (const _ of stream);
      },
    )
  })
})

const onVertex = (baseURL: string) =>
  gemini('imagen-4.0-generate-001', {
    ...{ vertex: { project: 'p', location: 'global' }, baseURL, retry: false },
    headers: { authorization: 'Bearer own' },
  })

describe('image', () => {
  it('gives the bytes, the tokens, and the model that answered', async () => {
    expect(await (await ask(drawn, 'gemini-3.1-flash-image')).image('A cat')).toEqual({
      images: [{ data: new Uint8Array(Buffer.from('png')), mediaType: 'image/png' }],
      usage: { inputTokens: 10, outputTokens: 4 },
      model: 'gemini-x-001',
      provider: 'gemini',
    })
    const server = await serve(imagen)
    const llm = onVertex(server.url)
    const request = { prompt: 'A cat', n: 2, aspectRatio: '3:4', format: 'jpeg' } as const
    expect((await llm.image(request)).images).toEqual([
      { data: new Uint8Array(Buffer.from('a')), mediaType: 'image/jpeg', revisedPrompt: 'A cat, sitting' },
    ])
    expect(server.requests[0]?.path).toMatch(/imagen-4.0-generate-001:predict$/)
    expect(server.requests[0]?.json).toEqual({
      instances: [{ prompt: 'A cat' }],
      parameters: { sampleCount: 2, aspectRatio: '3:4', outputOptions: { mimeType: 'image/jpeg' } },
    })
  })

  it('that was withheld, or did not come, is an error that says why', async () => {
    const failure = async (answer: typeof drawn, model = 'gemini-3.1-flash-image') =>
      failureOf((await ask(answer, model)).image('A cat'))
    expect(await failure(json(last('IMAGE_SAFETY', [])))).toMatchObject({ code: 'content-filtered' })
    expect(await failure(json({ promptFeedback: { blockReason: 'SAFETY' } }))).toMatchObject({
      code: 'content-filtered',
    })
    expect(await failure(json(last('STOP', [{ text: 'Which cat?' }])))).toMatchObject({
      code: 'empty-response',
      message: expect.stringContaining('Which cat?'),
    })
    const none = onVertex((await serve(json({}))).url)
    expect(await failureOf(none.image('A cat'))).toMatchObject({ code: 'content-filtered' })
  })

  it.each<[string, Partial<ImageRequest>]>([
    ['gemini-3.1-flash-image', { n: 2 }],
    ['gemini-3.1-flash-image', { size: '1024x1024' }],
    ['gemini-3.1-flash-image', { format: 'png' }],
    ['imagen-4.0-generate-001', {}],
    ['imagen-4.0-generate-001', { seed: 1 }],
    ['imagen-4.0-generate-001', { format: 'webp' }],
    ['imagen-4.0-generate-001', { images: [{ data: 'AAAA', mediaType: 'image/png' }] }],
  ])('is refused before anything is sent where %s lacks %j', async (model, more) => {
    const server = await serve(drawn)
    const llm = gemini(model, { ...options, baseURL: server.url })
    expect(await failureOf(llm.image({ prompt: 'p', ...more }))).toMatchObject({ code: 'unsupported' })
    expect(server.requests).toHaveLength(0)
  })
})

describe('speech', () => {
  it('is streamed PCM whose rate the media type tells, or a WAV file', async () => {
    const llm = await ask(spoken, 'gemini-3.8-flash-tts')
    const pieces: string[] = []
    const stream = llm.speak('Hello')
    for await (const piece of stream.audio) pieces.push(Buffer.from(piece).toString())
    expect(pieces).toEqual(['one', 'two'])
    expect(await stream.response()).toMatchObject({
      mediaType: 'audio/pcm;rate=24000',
      model: 'gemini-x-001',
      usage: { inputTokens: 10, outputTokens: 4 },
    })
    const { audio, mediaType } = await llm.speak({ text: 'Hello', format: 'wav' }).response()
    expect(mediaType).toBe('audio/wav')
    const file = Buffer.from(audio)
    expect([file.toString('latin1', 0, 4), file.toString('latin1', 8, 16)]).toEqual(['RIFF', 'WAVEfmt '])
    expect([file.readUInt32LE(24), file.readUInt16LE(34), file.subarray(44).toString()]).toEqual([
      24_000,
      16,
      'onetwo',
    ])
  })

  it('gets its style in a field of its own from 3.8 on', async () => {
    const server = await serve(spoken)
    const llm = gemini('gemini-3.8-flash-tts', { ...options, baseURL: server.url })
    await llm.speak({ text: 'Hello', instructions: 'excited' }).response()
    expect(server.requests[0]?.json).toMatchObject({
      contents: [{ parts: [{ text: 'Hello', speechMetadata: { style: 'excited' } }] }],
    })
  })

  it('that was cut off, withheld or ended early is an error', async () => {
    const failure = async (answer: typeof spoken, request: string | SpeakRequest = 'Hello') =>
      failureOf((await ask(answer, 'gemini-3.8-flash-tts')).speak(request).response())
    expect(await failure(sse([chunk([pcm('one')])]))).toMatchObject({ code: 'bad-response' })
    expect(await failure(sse([last('PROHIBITED_CONTENT')]))).toMatchObject({ code: 'content-filtered' })
    expect(await failure(sse([chunk([pcm('one')]), last('MAX_TOKENS')]))).toMatchObject({
      code: 'bad-response',
    })
    expect(await failure(sse([last()]))).toMatchObject({ code: 'empty-response' })
    expect(await failure(spoken, { text: 'Hi', speed: 2 })).toMatchObject({ code: 'unsupported' })
    expect(await failure(spoken, { text: 'Hi', format: 'mp3' })).toMatchObject({ code: 'unsupported' })
  })
})
