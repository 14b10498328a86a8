// Images: what the backend gets, and what is refused before it gets anything.
import { describe, expect, it } from 'vitest'
import { can, failureOf, world } from '../../test/world.js'
import { type Backend, type ImageRequest, type ImageResponse, LlmError } from '../index.js'

const image = { data: Uint8Array.of(1), mediaType: 'image/png' }
const made = (images: ImageResponse['images'] = [image]): NonNullable<Backend['image']> => {
  return async () => ({ images, model: 'm', usage: { outputTokens: 3 } })
}

describe('image', () => {
  it('gives the backend checked images and its own options, and says who answered', async () => {
    const seen: unknown[] = []
    const { provider } = world(
      [],
      {},
      {
        image: async (request) => {
          seen.push(request)
          return { images: [image], model: 'm', usage: {} }
        },
      },
    )
    const request: ImageRequest = {
      prompt: 'A hat',
      images: [{ data: 'data:image/PNG;base64,AQ', mediaType: '' }],
      mask: image,
      n: 2,
      seed: undefined,
      providerOptions: { scripted: { own: 1 }, other: { not: 1 } },
    }
    expect(await provider.image(Object.freeze(request))).toEqual({
      images: [image],
      model: 'm',
      provider: 'scripted',
      usage: {},
    })
    await provider.image('A hat')
    expect(seen).toEqual([
      {
        prompt: 'A hat',
        images: [{ data: 'AQ==', mediaType: 'image/png' }],
        mask: image,
        n: 2,
        providerOptions: { own: 1 },
      },
      { prompt: 'A hat', images: [], n: 1, providerOptions: {} },
    ])
  })

  it.each<[string, unknown]>([
    ['request', 7],
    ['prompt', ''],
    ['prompt', { prompt: 3 }],
    ['n', { prompt: 'p', n: 0 }],
    ['n', { prompt: 'p', n: 1.5 }],
    ['n', { prompt: 'p', n: 101 }],
    ['size', { prompt: 'p', size: 'large' }],
    ['size', { prompt: 'p', size: '0x10' }],
    ['size', { prompt: 'p', size: ['1x1'] }],
    ['aspectRatio', { prompt: 'p', aspectRatio: '16x9' }],
    ['aspectRatio', { prompt: 'p', aspectRatio: '16:9', size: '1x1' }],
    ['quality', { prompt: 'p', quality: 'hd' }],
    ['background', { prompt: 'p', background: 'transparent', format: 'jpeg' }],
    ['format', { prompt: 'p', format: 'gif' }],
    ['seed', { prompt: 'p', seed: 0.5 }],
    ['mask', { prompt: 'p', mask: image }],
    ['images', { prompt: 'p', images: image }],
    ['images[0].mediaType', { prompt: 'p', images: [{ data: 'AAAA', mediaType: 'audio/wav' }] }],
    ['images[0].data', { prompt: 'p', images: [{ data: '', mediaType: 'image/png' }] }],
    ['width', { prompt: 'p', width: 3 }],
  ])('refuses a wrong %s: %j', async (path, request) => {
    let calls = 0
    const { provider } = world(
      [],
      {},
      {
        image: async () => {
          calls++
          return { images: [image], model: 'm', usage: {} }
        },
      },
    )
    const error = await failureOf(provider.image(request as ImageRequest))
    expect(error).toMatchObject({ code: 'invalid-request', provider: 'scripted' })
    expect(error.message).toContain(path)
    expect(calls).toBe(0)
  })

  it('leaves impossible counts out of the usage', async () => {
    const usage = { inputTokens: -1, outputTokens: Number.NaN, cachedInputTokens: 3 }
    const { provider } = world([], {}, { image: async () => ({ images: [image], model: 'm', usage }) })
    expect((await provider.image('p')).usage).toEqual({ cachedInputTokens: 3 })
  })

  it('is unsupported without a backend for it, and empty answers are errors', async () => {
    expect(await failureOf(world([]).provider.image('p'))).toMatchObject({
      code: 'unsupported',
      provider: 'scripted',
      model: 'scripted-1',
    })
    const none = [[], [{ data: new Uint8Array(), mediaType: 'image/png' }]]
    for (const images of none)
      expect(await failureOf(world([], {}, { image: made(images) }).provider.image('p'))).toMatchObject({
        code: 'empty-response',
      })
  })

  it('is refused before it is sent if the model is known to make none, and sent if that is not known', async () => {
    let sent = 0
    const makeImage: Backend['image'] = async () => {
      sent++
      return { images: [image], model: 'm', usage: {} }
    }
    const none = world([], {}, { image: makeImage, capabilities: () => ({ ...can, image: false }) })
    expect(await failureOf(none.provider.image('A hat'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not make images'),
    })
    expect(sent).toBe(0)
    const capabilities = () => Promise.reject(new LlmError('permission-denied', 'No.'))
    expect(
      (await world([], {}, { image: makeImage, capabilities }).provider.image('A hat')).images,
    ).toHaveLength(1)
    const maybe = world([], {}, { image: makeImage, capabilities: () => ({ ...can, image: 'unknown' }) })
    await maybe.provider.image('A hat')
    expect(sent).toBe(2)
  })
})
