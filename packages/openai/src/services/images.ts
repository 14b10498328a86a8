// Images: the requests to POST /images/generations and /images/edits, and their answer.
// Sources: openai 6.49.0, resources/images.d.ts (options by model, November 2026); docs.x.ai, image generation (November 2026).
import { type CallContext, type ImageResponse, LlmError, type PreparedImage } from '@patchbay/core'
import {
  fieldsOf,
  fromBase64,
  objectsIn,
  receivedBytes,
  receivedImageType,
  Yielder,
} from '@patchbay/core/wire'
import type { Target } from '../api.js'
import type { Server } from '../client.js'
import { notAnAnswer } from '../errors.js'
import { mediaUsage } from './usage.js'

type ImageOption = 'seed' | 'aspectRatio' | 'size' | 'quality' | 'background' | 'format' | 'images' | 'mask'

/** What a family of image models takes. */
interface ImageFamily {
  models: RegExp
  /** Options it refuses, beside values that it has no name for. */
  refuses: readonly ImageOption[]
  /** The names of values that it does not call as we do; `undefined`: it has none. */
  quality?: Partial<Record<NonNullable<PreparedImage['quality']>, string>>
  /** Whether the background may be transparent. */
  isOpaque?: boolean
  /** The most images of a request. */
  most: number
  /** Whether the answer must be asked to contain the bytes: it has addresses otherwise. */
  asksForBytes?: boolean
}

const openAIs: ImageFamily[] = [
  { models: /^gpt-image-2/, refuses: ['seed', 'aspectRatio'], isOpaque: true, most: 10 },
  {
    models: /^dall-e-3/,
    refuses: ['seed', 'aspectRatio', 'background', 'format', 'images', 'mask'],
    quality: { medium: 'standard', high: 'hd' },
    most: 1,
    asksForBytes: true,
  },
  {
    models: /^dall-e-2/,
    refuses: ['seed', 'aspectRatio', 'background', 'format'],
    quality: { medium: 'standard' },
    most: 10,
    asksForBytes: true,
  },
  { models: /^/, refuses: ['seed', 'aspectRatio'], most: 10 },
]

const services: Partial<Record<string, ImageFamily[]>> = {
  openai: openAIs,
  // Its deployments have names of the customer's, so the values are left to it.
  azure: [{ models: /^/, refuses: ['seed', 'aspectRatio'], most: 10 }],
  // Its edits are JSON with addresses, another API.
  xai: [
    {
      models: /^/,
      refuses: ['seed', 'size', 'quality', 'background', 'format', 'images', 'mask'],
      most: 10,
      asksForBytes: true,
    },
  ],
}

const ofOthers: ImageFamily = { models: /^/, refuses: [], most: Number.POSITIVE_INFINITY, asksForBytes: true }

/**
 * The path and the body of a request: JSON, or a form with the images to edit.
 * @throws {LlmError} `unsupported` for options that the model is known not to take
 */
function toImageRequest(
  { model, preset, who }: Pick<Target, 'model' | 'preset' | 'who'>,
  request: PreparedImage,
): { path: string; body: Record<string, unknown> | FormData } {
  const families = services[preset.name ?? ''] ?? [ofOthers]
  const family = families.find(({ models }) => models.test(model)) ?? ofOthers
  const refuse = (what: string, advice: string) => {
    throw new LlmError('unsupported', `${who} does not take ${what} for ${model}. ${advice}`)
  }
  for (const name of family.refuses) {
    const value = request[name]
    if (value !== undefined && !(Array.isArray(value) && value.length === 0))
      refuse(name, name === 'aspectRatio' ? 'Use size.' : 'Leave it out, or use another model.')
  }
  const { prompt, images, mask, n, size, aspectRatio, background, format, seed, providerOptions } = request
  if (n > family.most) refuse(`n: ${n}`, `Ask for at most ${family.most} at once.`)
  if (family.isOpaque && background === 'transparent')
    refuse("background: 'transparent'", 'Leave it out, or use another model.')
  const quality = request.quality && (family.quality ? family.quality[request.quality] : request.quality)
  if (request.quality && quality === undefined)
    refuse(`quality: '${request.quality}'`, `It knows ${Object.keys(family.quality ?? {}).join(' and ')}.`)
  const fields = {
    model,
    prompt,
    ...(n !== 1 && { n }),
    ...(size && { size }),
    ...(aspectRatio && { aspect_ratio: aspectRatio }),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(format && { output_format: format }),
    ...(seed !== undefined && { seed }),
    ...(family.asksForBytes && { response_format: 'b64_json' }),
    ...providerOptions,
  }
  if (images.length === 0) return { path: '/images/generations', body: fields }
  const form = new FormData()
  const field = images.length === 1 ? 'image' : 'image[]'
  for (const [index, image] of images.entries()) form.append(field, fileOf(image), nameOf(image, index))
  if (mask !== undefined) form.append('mask', fileOf(mask), nameOf(mask, 0))
  for (const [name, value] of Object.entries(fields))
    for (const item of [value].flat()) if (item !== undefined) form.append(name, String(item))
  return { path: '/images/edits', body: form }
}

type Image = PreparedImage['images'][number]

function fileOf({ data, mediaType }: Image): Blob {
  return new Blob([typeof data === 'string' ? fromBase64(data) : new Uint8Array(data)], { type: mediaType })
}

function nameOf({ mediaType }: Image, index: number): string {
  return `image-${index}.${mediaType.replace(/^image\/|[;+].*$/gs, '')}`
}

/**
 * The images of an answer.
 * @throws {LlmError} `bad-response` for an answer without the bytes of its images
 */
async function toImages(
  answer: unknown,
  model: string,
  who: string,
): Promise<Omit<ImageResponse, 'provider'>> {
  const { data, usage, output_format } = fieldsOf(answer)
  if (!Array.isArray(data)) throw notAnAnswer(answer, who)
  const images: ImageResponse['images'] = []
  const yielder = new Yielder()
  for (const { b64_json, url, revised_prompt } of objectsIn(data)) {
    // Some servers write a data URL into either field.
    const [head = '', type] =
      /^data:([^,;]*)[^,]{0,200},/.exec(String(b64_json ?? url ?? '').slice(0, 500)) ?? []
    const text = String(b64_json ?? url ?? '').slice(head.length)
    const bytes = /^https?:/.test(text) ? undefined : receivedBytes(text)
    if (bytes === undefined)
      throw new LlmError(
        'bad-response',
        `${who} gave an address in place of an image. Set the option of that server which returns the bytes, in providerOptions.openai.`,
      )
    const told = typeof output_format === 'string' ? `image/${output_format}` : type
    images.push({
      data: bytes,
      mediaType: receivedImageType(bytes, told, who),
      ...(typeof revised_prompt === 'string' && revised_prompt !== '' && { revisedPrompt: revised_prompt }),
    })
    await yielder.yieldIfDue()
  }
  return { images, model, usage: mediaUsage(usage) }
}

// In characters: there may be ten images.
const maxBody = 256 * 1024 * 1024

/** One attempt. */
export async function image(
  server: Server,
  target: Target,
  request: PreparedImage,
  context: CallContext,
): Promise<Omit<ImageResponse, 'provider'>> {
  const { path, body } = toImageRequest(target, request)
  const response = await server.send(context, 'post', path, body)
  return toImages(await server.jsonOf(response, maxBody), target.model, target.who)
}
