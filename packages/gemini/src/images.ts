// Images: `generateContent` of Gemini's image models, and `predict` of Imagen.
// Sources: ai.google.dev/gemini-api/docs/image-generation and /imagen, and ImageConfig and GenerateImagesConfig of @google/genai 2.32.0,
// November 2026.
import {
  type BackendEvent,
  type CallContext,
  type ImageResponse,
  LlmError,
  type PreparedImage,
} from '@patchbay/core'
import {
  fieldsOf,
  markLarge,
  objectsIn,
  receivedBytes,
  receivedImageType,
  toBase64,
} from '@patchbay/core/wire'
import type { Server } from './client.js'
import { each, fromChunks } from './events.js'

type Json = Record<string, unknown>

/** Whether the model is one of the Imagen family, which has a method of its own. */
const isImagen = (model: string) => /(^|\/)imagen/.test(model)

/**
 * The method and the body of a request.
 * @throws {LlmError} `unsupported` for options that the model has not
 */
function toImageRequest(
  model: string,
  request: PreparedImage,
  isVertex: boolean,
): { method: string; body: Json } {
  const { prompt, images, n, aspectRatio, seed, format, providerOptions } = request
  const refused = ['mask', 'size', 'quality', 'background'] as const
  for (const name of isImagen(model) ? ([...refused, 'seed'] as const) : ([...refused, 'format'] as const))
    if (request[name] !== undefined) throw unsupported(model, name, advice[name])
  if (isImagen(model)) {
    // The official client refuses it too (@google/genai 2.32.0).
    if (!isVertex)
      throw new LlmError('unsupported', 'The Gemini API has no Imagen. Use vertex, or a Gemini image model.')
    if (images.length > 0) throw unsupported(model, 'images to edit', 'Use one of the Gemini image models.')
    if (format === 'webp') throw unsupported(model, "format: 'webp'", "Use 'png' or 'jpeg'.")
    const { parameters, ...rest } = fieldsOf(providerOptions)
    return {
      method: 'predict',
      body: {
        instances: [{ prompt }],
        parameters: {
          sampleCount: n,
          ...(aspectRatio && { aspectRatio }),
          ...(format && { outputOptions: { mimeType: `image/${format}` } }),
          ...fieldsOf(parameters),
        },
        ...rest,
      },
    }
  }
  if (n > 1) throw unsupported(model, `n: ${n}`, 'It makes one image a request: call image() several times.')
  const { generationConfig, ...rest } = fieldsOf(providerOptions)
  const parts = images.map(({ data, mediaType }) => ({
    inlineData: {
      mimeType: mediaType,
      data: toBase64(data instanceof ArrayBuffer ? new Uint8Array(data) : data),
    },
  }))
  return {
    method: 'generateContent',
    body: {
      contents: [{ role: 'user', parts: [...parts, { text: prompt }] }],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        ...(seed !== undefined && { seed }),
        ...(aspectRatio && { imageConfig: { aspectRatio } }),
        ...fieldsOf(generationConfig),
      },
      ...rest,
    },
  }
}

const leaveOut = 'Leave it out.'
const advice = {
  size: 'Use aspectRatio; providerOptions.gemini.generationConfig.imageConfig.imageSize has the number of pixels.',
  mask: 'Say in the prompt what is to change.',
  quality: leaveOut,
  background: leaveOut,
  format: leaveOut,
  seed: leaveOut,
} as const

function unsupported(model: string, what: string, advice: string): LlmError {
  return new LlmError('unsupported', `Gemini does not take ${what} for ${model}. ${advice}`)
}

/**
 * The images among the events of an answer.
 * @throws {LlmError} `content-filtered` if the service withheld them
 */
async function fromEvents(
  events: AsyncIterable<BackendEvent>,
  asked: string,
): Promise<Omit<ImageResponse, 'provider'>> {
  const response: Omit<ImageResponse, 'provider'> = { images: [], model: asked, usage: {} }
  let text = ''
  for await (const event of events) {
    if (event.type === 'start') response.model = event.model ?? asked
    else if (event.type === 'text') text += event.text
    else if (event.type === 'part' && event.part.type === 'image' && 'data' in event.part) {
      const { data, mediaType } = event.part
      const bytes = receivedBytes(data)
      if (bytes !== undefined)
        response.images.push({
          data: bytes,
          mediaType: mediaType ?? receivedImageType(bytes, undefined, 'Gemini'),
        })
    } else if (event.type === 'finish') {
      const { usage = {}, finishReason, rawFinishReason } = event.response
      response.usage = usage
      if (response.images.length === 0) throw noImage(finishReason, rawFinishReason, text)
    }
  }
  return response
}

function noImage(reason: string, raw: string | undefined, text: string): LlmError {
  const said = text.trim() === '' ? '' : ` It said: ${text.trim().slice(0, 200)}`
  return reason === 'content-filter'
    ? new LlmError('content-filtered', `Gemini withheld the image (${raw}). Change the prompt.${said}`)
    : new LlmError('empty-response', `Gemini made no image (${raw}). Ask for one in the prompt.${said}`)
}

/**
 * The images of Imagen.
 * @throws {LlmError} `content-filtered` if the service withheld all of them
 */
function fromPredictions(answer: Json, model: string): Omit<ImageResponse, 'provider'> {
  const predictions = objectsIn(answer.predictions)
  const images = predictions.flatMap(({ bytesBase64Encoded, mimeType, prompt }) => {
    const data = receivedBytes(bytesBase64Encoded)
    if (data === undefined) return []
    return [
      {
        data,
        mediaType: typeof mimeType === 'string' ? mimeType : receivedImageType(data, undefined, 'Gemini'),
        ...(typeof prompt === 'string' && { revisedPrompt: prompt }),
      },
    ]
  })
  const withheld = predictions.find(({ raiFilteredReason }) => raiFilteredReason !== undefined)
  // Where all are withheld, the list is left out of the JSON.
  if (images.length === 0)
    throw noImage('content-filter', String(withheld?.raiFilteredReason ?? 'no predictions'), '')
  return { images, model, usage: {} }
}

// In characters: images of 4K have some ten million.
const maxBody = 256 * 1024 * 1024

/** One attempt. */
export async function image(
  server: Server,
  model: string,
  request: PreparedImage,
  context: CallContext,
): Promise<Omit<ImageResponse, 'provider'>> {
  const { method, body } = toImageRequest(model, request, server.isVertex)
  const path = `${server.resource(model)}:${method}`
  const response = await server.send({ ...context, large: markLarge(body) }, 'POST', path, body)
  const answer = await server.jsonOf(response, maxBody)
  if (isImagen(model)) return fromPredictions(answer, model)
  return fromEvents(fromChunks(each(answer), { host: server.host, warn: context.warn }), model)
}
