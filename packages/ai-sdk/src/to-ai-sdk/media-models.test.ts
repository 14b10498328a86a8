// Images and speech of a provider in the AI SDK: by its own generateImage and generateSpeech.
import {
  type CallContext,
  defineProvider,
  LlmError,
  type PreparedImage,
  type PreparedSpeak,
} from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { APICallError, generateImage, experimental_generateSpeech as generateSpeech } from 'ai'
import { describe, expect, it } from 'vitest'
import { imageModel, speechModel } from '../index.js'

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const mp3 = Uint8Array.of(0xff, 0xfb, 1, 2)

/** A provider that makes images and speech, and what its backend was asked. */
function maker() {
  const images: { request: PreparedImage; headers: CallContext['headers'] }[] = []
  const speeches: PreparedSpeak[] = []
  const provider = defineProvider({
    ...{ provider: 'own', model: 'own-1' },
    capabilities: () => ({
      ...{ tools: false, vision: false, files: false, audio: false, json: false, reasoning: false },
      ...{ embed: false, image: true, speech: true },
    }),
    async *chat() {},
    image: async (request, { headers }) => {
      images.push({ request, headers })
      const made = { data: png, mediaType: 'image/png', revisedPrompt: 'A big hat.' }
      const usage = { inputTokens: 2, outputTokens: 3 }
      return { images: Array.from({ length: request.n }, () => made), usage, model: 'own-2' }
    },
    async *speak(request) {
      speeches.push(request)
      yield { type: 'start', mediaType: 'audio/mpeg', model: 'own-3' }
      yield { type: 'audio', audio: mp3.subarray(0, 2) }
      yield { type: 'audio', audio: mp3.subarray(2) }
      yield { type: 'finish' }
    },
  })
  return { provider, images, speeches }
}

describe('imageModel', () => {
  it('makes images, with all options of the call', async () => {
    const { provider, images } = maker()
    const result = await generateImage({
      model: imageModel(provider, { headers: { 'x-of-the-model': '1' } }),
      prompt: { text: 'A hat', images: [png], mask: png },
      ...{ n: 2, maxImagesPerCall: 2, size: '8x8', seed: 7, headers: { 'x-of-the-call': '2' } },
      providerOptions: { patchbay: { quality: 'high', unknown: 1 }, own: { tier: 'flex' }, other: {} },
    })
    expect(result.images.map(({ uint8Array, mediaType }) => [uint8Array, mediaType])).toEqual([
      [png, 'image/png'],
      [png, 'image/png'],
    ])
    expect(result.usage).toEqual({ inputTokens: 2, outputTokens: 3, totalTokens: 5 })
    expect(result.warnings).toMatchObject([{ feature: 'providerOptions.patchbay.unknown' }])
    const about = { mediaType: 'image/png', revisedPrompt: 'A big hat.' }
    expect(result.providerMetadata.patchbay?.images).toEqual([about, about])
    expect(result.responses).toMatchObject([{ modelId: 'own-2' }])
    const input = { mediaType: 'image/png' }
    expect(images).toMatchObject([
      {
        headers: { 'x-of-the-model': '1', 'x-of-the-call': '2' },
        request: {
          ...{ prompt: 'A hat', images: [input], mask: input, n: 2, size: '8x8', seed: 7 },
          ...{ quality: 'high', providerOptions: { tier: 'flex' } },
        },
      },
    ])
  })

  it('fails with the error of the SDK, and takes no image by its address', async () => {
    const failing = mockProvider({
      answers: [new LlmError('content-filtered', 'Not this.', { status: 400 })],
    })
    const failed = generateImage({ model: imageModel(failing), prompt: 'x', maxRetries: 0 })
    await expect(failed).rejects.toSatisfy(APICallError.isInstance)
    await expect(failed).rejects.toMatchObject({ statusCode: 400, cause: { code: 'content-filtered' } })
    const prompt = { text: 'x', images: ['https://example.com/a.png'] }
    await expect(
      generateImage({ model: imageModel(maker().provider), prompt, maxRetries: 0 }),
    ).rejects.toThrow('not by their address')
  })
})

describe('speechModel', () => {
  it('reads a text aloud, with all options of the call', async () => {
    const { provider, speeches } = maker()
    const { audio, warnings, responses } = await generateSpeech({
      model: speechModel(provider),
      ...{ text: 'Hi', voice: 'coral', outputFormat: 'mp3', instructions: 'Cheerful', speed: 1.5 },
      language: 'en',
      providerOptions: { own: { tier: 'flex' } },
    })
    expect([audio.uint8Array, audio.mediaType]).toEqual([mp3, 'audio/mpeg'])
    expect(warnings).toMatchObject([{ type: 'unsupported', feature: 'language' }])
    expect(responses).toMatchObject([{ modelId: 'own-3' }])
    const options = { voice: 'coral', format: 'mp3', instructions: 'Cheerful', speed: 1.5 }
    expect(speeches).toEqual([{ text: 'Hi', ...options, providerOptions: { tier: 'flex' } }])
  })

  it('fails with the error of the SDK', async () => {
    const failed = generateSpeech({ model: speechModel(mockProvider()), text: ' ', maxRetries: 0 })
    await expect(failed).rejects.toMatchObject({ cause: { code: 'invalid-request' } })
  })
})
