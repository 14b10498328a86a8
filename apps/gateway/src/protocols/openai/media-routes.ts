// Routes of OpenAI's protocol for images and speech: /images/generations, /images/edits, /audio/speech.
// Sources: openai 6.49.0, resources/images.d.ts and resources/audio/speech.d.ts, November 2026.
import type { ImageInput, ImageRequest, ImageResponse, SpeakRequest } from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'
import { type Context, Hono } from 'hono'
import type { FieldNames } from '../../answer/client-errors.js'
import { requestError } from '../../answer/http-status.js'
import { type Json, readJson, requireString, writeJson } from '../../body/body.js'
import { type Fields, fieldsOf, ignoredFields } from '../../body/fields.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import { type Env, providerFor } from '../../server/request-context.js'
import { clientMetadata } from './routes.js'
import { speechResponse, toMediaUsage } from './speech-response.js'

const auto = ['auto']
const imageFields = fieldsOf(
  'model prompt n size quality background output_format response_format seed aspect_ratio user metadata image image[] mask',
  'moderation input_fidelity safety_identifier',
  { neutral: { output_compression: [100, '100'], partial_images: [0, '0'], style: auto } },
)
const imageNames: FieldNames = { format: 'output_format', aspectRatio: 'aspect_ratio', images: 'image' }

const speechFields = fieldsOf(
  'model input voice response_format speed instructions stream_format user metadata',
  'safety_identifier',
)
const speechNames: FieldNames = { text: 'input', format: 'response_format' }

export function mediaRoutes(registry: ProviderRegistry): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/images/generations', async (context) => {
    const body = await readJson(context)
    return writeImages(context, registry, body, [])
  })
  app.post('/images/edits', async (context) => {
    const { body, images, mask } = await readForm(context)
    if (images.length === 0) throw requestError('image: must be a file, or several.')
    return writeImages(context, registry, body, images, mask)
  })
  app.post('/audio/speech', async (context) => {
    const body = await readJson(context)
    const recorder = beginCall(context, body, speechFields, speechNames)
    const provider = await providerFor(context, registry, body)
    const { input, voice, response_format, speed, instructions, stream_format = 'audio' } = body
    if (stream_format !== 'audio' && stream_format !== 'sse')
      throw requestError("stream_format: must be 'audio' or 'sse'.")
    const request = present({
      text: requireString(input, 'input'),
      voice,
      format: response_format,
      speed,
      instructions,
    })
    const speech = provider.speak(
      request as unknown as SpeakRequest,
      recorder.callOptions(clientMetadata(body)),
    )
    return speechResponse(recorder, speech, stream_format)
  })
  return app
}

function beginCall(context: Context<Env>, body: Json, fields: Fields, names: FieldNames) {
  const recorder = context.get('recorder')
  recorder.setErrorContext({ names })
  recorder.recordIgnored(ignoredFields(body, fields))
  return recorder
}

/** The fields that are there: many clients send null. Core checks the values. */
function present(fields: Json): Json {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  )
}

/** The value of a field in which `auto` lets the service choose: then nothing is sent. */
function unlessAuto(value: unknown): unknown {
  return value === 'auto' ? undefined : value
}

/** Names of the older models. */
const qualities = new Map<unknown, string>([
  ['standard', 'medium'],
  ['hd', 'high'],
])

async function writeImages(
  context: Context<Env>,
  registry: ProviderRegistry,
  body: Json,
  images: ImageInput[],
  mask?: ImageInput,
): Promise<Response> {
  const recorder = beginCall(context, body, imageFields, imageNames)
  const { prompt, n, size, quality, background, output_format, response_format = 'b64_json' } = body
  if (response_format !== 'b64_json' && response_format !== 'url')
    throw requestError("response_format: must be 'b64_json' or 'url'.")
  const provider = await providerFor(context, registry, body)
  const request = present({
    prompt: requireString(prompt, 'prompt'),
    n,
    size: unlessAuto(size),
    quality: unlessAuto(qualities.get(quality) ?? quality),
    background: unlessAuto(background),
    format: output_format,
    seed: body.seed,
    aspectRatio: body.aspect_ratio,
    ...(images.length > 0 && { images, mask }),
  })
  const response = recorder.recordAnswer(
    await provider.image(request as unknown as ImageRequest, recorder.callOptions(clientMetadata(body))),
  )
  return writeJson(context, toImagesResponse(response, response_format))
}

function toImagesResponse({ images, usage }: ImageResponse, format: 'b64_json' | 'url'): Json {
  const type = images[0]?.mediaType.replace(/^image\//, '')
  return {
    created: Math.floor(Date.now() / 1000),
    data: images.map(({ data, mediaType, revisedPrompt }) => ({
      // The gateway keeps no images, so the address holds the image itself.
      [format]: format === 'url' ? `data:${mediaType};base64,${toBase64(data)}` : toBase64(data),
      ...(revisedPrompt !== undefined && { revised_prompt: revisedPrompt }),
    })),
    ...(type !== undefined && { output_format: type }),
    ...(usage.outputTokens !== undefined && { usage: toMediaUsage(usage) }),
  }
}

const numbers = new Set(['n', 'seed'])

/**
 * A form with images to edit.
 * @throws {LlmError} `invalid-request` for another body
 */
async function readForm(
  context: Context<Env>,
): Promise<{ body: Json; images: ImageInput[]; mask?: ImageInput }> {
  const form = await context.req.raw.formData().catch(() => {
    throw requestError('The body: must be a form (multipart/form-data).')
  })
  const body: Json = {}
  const images: ImageInput[] = []
  let mask: ImageInput | undefined
  for (const [name, value] of form) {
    if (typeof value === 'string') body[name] = numbers.has(name) ? Number(value) : value
    else if (name === 'mask') mask = await imageOf(value)
    else if (name === 'image' || name === 'image[]') images.push(await imageOf(value))
    else throw requestError(`${name.slice(0, 100)}: must not be a file.`)
  }
  return { body, images, ...(mask !== undefined && { mask }) }
}

async function imageOf(file: File): Promise<ImageInput> {
  // Clients that know no type send that of any bytes.
  const known = file.type.startsWith('image/')
    ? file.type
    : `image/${/\.(\w+)$/.exec(file.name)?.[1] ?? 'png'}`
  return {
    data: new Uint8Array(await file.arrayBuffer()),
    mediaType: known.replace('image/jpg', 'image/jpeg'),
  }
}
