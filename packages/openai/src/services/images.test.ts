// Images: what is sent to each family of models and each service, and what becomes of the answers.
import type { ImageRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json } from '../../test/server.js'
import { ask, failureOf, serve } from '../../test/wire.js'
import { openai } from '../index.js'

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3)
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 9)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const answer = json({
  created: 1,
  data: [{ b64_json: base64(png) }, { b64_json: base64(jpeg), revised_prompt: 'A cat, sitting' }],
  output_format: 'png',
  usage: {
    input_tokens: 9,
    output_tokens: 272,
    total_tokens: 281,
    input_tokens_details: { image_tokens: 0, text_tokens: 9 },
  },
})

/** What is sent for a request, to a server under the rules of a service. */
async function sent(model: string, preset: 'openai' | 'xai' | 'compatible', request: Partial<ImageRequest>) {
  const server = await serve(answer)
  const llm = openai(model, { apiKey: 'k', baseURL: server.url, preset })
  await llm.image({ prompt: 'A cat', ...request })
  return server.requests[0]?.json as Record<string, unknown>
}

describe('image', () => {
  it('returns the bytes with the type that they have, the revised prompt and the tokens', async () => {
    const server = await serve(answer)
    const llm = openai('gpt-image-1.5', { apiKey: 'sk-secret', baseURL: server.url, preset: 'openai' })
    expect(
      await llm.image({
        prompt: 'A cat',
        n: 2,
        size: '1024x1536',
        quality: 'low',
        background: 'transparent',
        format: 'webp',
        providerOptions: { openai: { moderation: 'low' } },
      }),
    ).toEqual({
      images: [
        { data: png, mediaType: 'image/png' },
        { data: jpeg, mediaType: 'image/jpeg', revisedPrompt: 'A cat, sitting' },
      ],
      usage: { inputTokens: 9, outputTokens: 272 },
      model: 'gpt-image-1.5',
      provider: 'openai',
    })
    expect(server.requests).toMatchObject([{ path: '/images/generations' }])
    expect(server.requests[0]?.headers.authorization).toBe('Bearer sk-secret')
    expect(server.requests[0]?.json).toEqual({
      model: 'gpt-image-1.5',
      prompt: 'A cat',
      n: 2,
      size: '1024x1536',
      quality: 'low',
      background: 'transparent',
      output_format: 'webp',
      moderation: 'low',
    })
  })

  it('asks for bytes, and names qualities as each family does', async () => {
    expect(await sent('gpt-image-2', 'openai', {})).toEqual({ model: 'gpt-image-2', prompt: 'A cat' })
    expect(await sent('dall-e-3', 'openai', { quality: 'high' })).toMatchObject({
      quality: 'hd',
      response_format: 'b64_json',
    })
    expect(await sent('grok-imagine-image', 'xai', { aspectRatio: '16:9' })).toMatchObject({
      aspect_ratio: '16:9',
      response_format: 'b64_json',
    })
    expect(await sent('flux', 'compatible', { seed: 7, format: 'png' })).toMatchObject({
      seed: 7,
      output_format: 'png',
      response_format: 'b64_json',
    })
  })

  it.each<[model: string, preset: 'openai' | 'xai', request: Partial<ImageRequest>, names: string]>([
    ['gpt-image-1', 'openai', { seed: 1 }, 'seed'],
    ['gpt-image-1', 'openai', { aspectRatio: '1:1' }, 'Use size'],
    ['gpt-image-2', 'openai', { background: 'transparent' }, 'background'],
    ['gpt-image-2', 'openai', { n: 11 }, 'n: 11'],
    ['dall-e-3', 'openai', { n: 2 }, 'n: 2'],
    ['dall-e-3', 'openai', { quality: 'low' }, 'quality'],
    ['dall-e-3', 'openai', { images: [{ data: png, mediaType: 'image/png' }] }, 'images'],
    ['dall-e-2', 'openai', { format: 'png' }, 'format'],
    ['grok-imagine-image', 'xai', { size: '1x1' }, 'size'],
  ])('refuses before anything is sent what %s of %s lacks: %j', async (model, preset, request, names) => {
    const server = await serve(answer)
    const llm = openai(model, { apiKey: 'k', baseURL: server.url, preset })
    const error = await failureOf(llm.image({ prompt: 'A cat', ...request }))
    expect(error).toMatchObject({ code: 'unsupported', provider: 'openai', model })
    expect(error.message).toContain(names)
    expect(server.requests).toHaveLength(0)
  })

  it('sends images to edit as a form, with the mask', async () => {
    const server = await serve(answer)
    const llm = openai('gpt-image-1', { apiKey: 'k', baseURL: server.url, preset: 'openai' })
    const image = { data: base64(png), mediaType: 'image/png' }
    await llm.image({
      prompt: 'A hat',
      images: [image, { data: jpeg, mediaType: 'image/jpeg' }],
      mask: image,
    })
    await llm.image({ prompt: 'A hat', images: [image], n: 2 })
    expect(server.requests.map(({ path }) => path)).toEqual(['/images/edits', '/images/edits'])
    const fields = server.requests.map(({ body }) => [
      ...body.matchAll(/name="([^"]+)"(?:; filename="([^"]+)")?\r\n(?:Content-Type: (\S+)\r\n)?/g),
    ])
    expect(fields.map((all) => all.map(([, name, file, type]) => [name, file, type]))).toEqual([
      [
        ['image[]', 'image-0.png', 'image/png'],
        ['image[]', 'image-1.jpeg', 'image/jpeg'],
        ['mask', 'image-0.png', 'image/png'],
        ['model', undefined, undefined],
        ['prompt', undefined, undefined],
      ],
      [
        ['image', 'image-0.png', 'image/png'],
        ['model', undefined, undefined],
        ['prompt', undefined, undefined],
        ['n', undefined, undefined],
      ],
    ])
  })

  it('fails with a typed error for answers without images, with addresses, and for refused prompts', async () => {
    const image = async (served: Parameters<typeof ask>[0]) => failureOf((await ask(served)).image('A cat'))
    expect(await image(json({ data: [] }))).toMatchObject({ code: 'empty-response' })
    expect(await image(json({ object: 'list' }))).toMatchObject({ code: 'bad-response' })
    // 'Internal' is valid base64.
    expect(await image(json({ data: [{ b64_json: 'Internal' }] }))).toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('in place of an image'),
    })
    expect(await image(json({ data: [{ url: 'https://example.com/a.png' }] }))).toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('address'),
    })
    const refused = { code: 'moderation_blocked', type: 'image_generation_user_error', message: 'No.' }
    expect(await image(json({ error: refused }, 400))).toMatchObject({ code: 'content-filtered' })
  })

  it('reads images from data URLs', async () => {
    const llm = await ask(json({ data: [{ url: `data:image/png;base64,${base64(png)}` }] }))
    expect((await llm.image('A cat')).images).toEqual([{ data: png, mediaType: 'image/png' }])
  })
})
