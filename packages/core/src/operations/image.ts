// Images: checks the request, and that the answer has some. Loaded with the first operation.

import type { CallEnvironment } from '../call/chat-call.js'
import { validCounts } from '../call/response.js'
import type { Backend } from '../contract/backend.js'
import { invalid, LlmError } from '../contract/errors.js'
import type { ImageInput, ImageRequest, ImageResponse } from '../contract/operations.js'
import { isObject, omitUndefined } from '../object.js'
import { bytesAndType } from '../request/media.js'
import { checkOptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import type { Attempt } from './attempt.js'
import { requireMedia } from './media-capability.js'

/**
 * The attempts of one `image` call.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function imageAttempt(
  backend: Backend & Required<Pick<Backend, 'image'>>,
  input: string | ImageRequest,
  environment: CallEnvironment,
): Promise<Attempt<ImageResponse>> {
  const { images, mask, providerOptions, ...options } = checkImageRequest(input)
  const prepared = {
    ...omitUndefined(options),
    images: await Promise.all(images.map((image, index) => imageOf(image, `images[${index}]`))),
    ...(mask !== undefined && { mask: await imageOf(mask, 'mask') }),
    providerOptions: providerOptions?.[backend.provider] ?? {},
  }
  return async (context) => {
    await requireMedia(environment, 'image', context)
    const response = await backend.image(prepared, context)
    if (response.images.length === 0 || response.images.some(({ data }) => data.length === 0))
      throw new LlmError('empty-response', 'The answer has no image. Try again, or change the prompt.', {
        provider: backend.provider,
        model: backend.model,
      })
    return { ...response, usage: validCounts(response.usage), provider: backend.provider }
  }
}

/**
 * All fields with their defaults, everything checked but the contents of images.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function checkImageRequest(input: string | ImageRequest) {
  const request = typeof input === 'string' ? { prompt: input } : input
  if (!isObject(request)) throw invalid('request', 'must be a prompt, or an object with prompt')
  checkOptionNames(request, optionNames.imageRequest, 'of image()')
  const { images = [], mask, n = 1, providerOptions, ...options } = request
  if (typeof options.prompt !== 'string' || options.prompt === '')
    throw invalid('prompt', 'must be a string that is not empty')
  if (!Array.isArray(images)) throw invalid('images', 'must be a list: [{ data, mediaType }]')
  if (mask !== undefined && images.length === 0) throw invalid('mask', 'needs images to edit')
  checkForms({ ...options, n })
  return { ...options, n, images, mask, providerOptions }
}

async function imageOf(image: ImageInput, at: string): Promise<ImageInput> {
  if (!isObject(image)) throw invalid(at, 'must be an object with data and mediaType')
  const { data, mediaType } = await bytesAndType(image, at)
  if (!mediaType.startsWith('image/'))
    throw invalid(`${at}.mediaType`, `must be an image type, for example 'image/png', not ${mediaType}`)
  return { data, mediaType }
}

// No service makes more than 10 at once; a larger number is a mistake that would cost money and memory.
const mostImages = 100

const choices = {
  quality: ['low', 'medium', 'high'],
  background: ['transparent', 'opaque'],
  format: ['png', 'jpeg', 'webp'],
} as const

function checkForms(options: Omit<ImageRequest, 'prompt' | 'images' | 'mask' | 'providerOptions'>): void {
  const { n, seed, size, aspectRatio } = options
  if (!(Number.isInteger(n) && (n as number) >= 1 && (n as number) <= mostImages))
    throw invalid('n', `must be a whole number from 1 to ${mostImages}, not ${String(n)}`)
  if (seed !== undefined && !Number.isSafeInteger(seed))
    throw invalid('seed', `must be a whole number, not ${String(seed)}`)
  if (size !== undefined && !(typeof size === 'string' && /^[1-9]\d*x[1-9]\d*$/.test(size)))
    throw invalid('size', `must be width and height in pixels, for example '1024x1024', not ${String(size)}`)
  if (
    aspectRatio !== undefined &&
    !(typeof aspectRatio === 'string' && /^[1-9]\d*:[1-9]\d*$/.test(aspectRatio))
  )
    throw invalid('aspectRatio', `must be width to height, for example '16:9', not ${String(aspectRatio)}`)
  if (size !== undefined && aspectRatio !== undefined)
    throw invalid('aspectRatio', 'cannot be set beside size. Leave one of them out')
  if (options.background === 'transparent' && options.format === 'jpeg')
    throw invalid('background', 'cannot be transparent in a JPEG. Use the format png or webp')
  for (const name of ['quality', 'background', 'format'] as const) {
    const allowed: readonly unknown[] = choices[name]
    if (options[name] !== undefined && !allowed.includes(options[name]))
      throw invalid(name, `must be one of ${allowed.join(', ')}, not ${String(options[name])}`)
  }
}
