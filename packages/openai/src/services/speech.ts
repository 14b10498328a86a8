// Speech: the request to POST /audio/speech, and its answer as events: bytes, or server-sent events that contain them.
// Source: openai 6.49.0, resources/audio/speech.d.ts; platform.openai.com/docs/api-reference/audio/speech-audio-delta-event, November 2026.
import { type BackendSpeechEvent, type CallContext, LlmError, type PreparedSpeak } from '@patchbay/core'
import { bodyBytes, errorText, fieldsOf, isStream, jsonEvents, receivedBytes } from '@patchbay/core/wire'
import type { Target } from '../api.js'
import type { Server } from '../client.js'
import { notAnAnswer } from '../errors.js'
import { mediaUsage } from './usage.js'

/** Models that take neither instructions nor a stream of events. */
const isPlain = (model: string) => /^tts-1/.test(model)

/**
 * The body of a request. OpenAI's own service is asked for events where it has them: they tell the end and the tokens.
 * @throws {LlmError} `unsupported` for instructions to a model that takes none
 */
function toSpeechBody(
  { model, preset, who }: Pick<Target, 'model' | 'preset' | 'who'>,
  { text, voice, format, speed, instructions, providerOptions }: PreparedSpeak,
): Record<string, unknown> {
  const isOpenAIs = preset.name === 'openai'
  if (instructions !== undefined && isOpenAIs && isPlain(model))
    throw new LlmError(
      'unsupported',
      `${who} does not take instructions for ${model}. Leave them out, or use gpt-4o-mini-tts.`,
    )
  return {
    model,
    input: text,
    // It has no default there, and its other names are the server's own.
    ...((voice ?? (isOpenAIs || preset.name === 'azure')) && { voice: voice ?? 'alloy' }),
    ...(format && { response_format: format }),
    ...(speed !== undefined && { speed }),
    ...(instructions && { instructions }),
    ...(isOpenAIs && !isPlain(model) && { stream_format: 'sse' }),
    ...providerOptions,
  }
}

const mediaTypes = new Map<unknown, string>(
  Object.entries({
    mp3: 'audio/mpeg',
    // In Ogg.
    opus: 'audio/ogg',
    aac: 'audio/aac',
    flac: 'audio/flac',
    wav: 'audio/wav',
    // 24 kHz, 16 bits, signed, little-endian: platform.openai.com/docs/guides/text-to-speech, November 2026.
    pcm: 'audio/pcm;rate=24000',
  }),
)

/** The events of an answer. */
async function* speechOf(
  response: Response,
  { model, who, format = 'mp3' }: Pick<Target, 'model' | 'who'> & { format?: unknown },
): AsyncGenerator<BackendSpeechEvent> {
  const type = response.headers.get('content-type') ?? ''
  const asked = mediaTypes.get(format) ?? 'audio/mpeg'
  if (isStream(response, false)) {
    yield { type: 'start', mediaType: asked, model }
    for await (const value of jsonEvents(response.body, isDone)) {
      const { type, audio, usage } = fieldsOf(value)
      if (type === 'speech.audio.delta') {
        const bytes = receivedBytes(audio)
        if (bytes === undefined) throw notAnAnswer(value, who)
        yield { type: 'audio', audio: bytes }
      } else if (type === 'speech.audio.done') return yield { type: 'finish', usage: mediaUsage(usage) }
      else if (type === 'error' || fieldsOf(value).error !== undefined) throw notAnAnswer(value, who)
    }
    // Without `speech.audio.done`, it was cut off.
    return
  }
  if (/^text\/|json|xml/i.test(type)) throw notAnAnswer(await errorText(response), who)
  // Servers call samples without a header all sorts of names, or nothing.
  const isTold = format !== 'pcm' && /^audio\/(?!opus)[\w.+-]+$/.test(type.split(';')[0] ?? '')
  yield { type: 'start', mediaType: isTold ? type : asked, model }
  for await (const audio of audioOf(response, who, isTold && !isKnown(type))) yield { type: 'audio', audio }
  yield { type: 'finish' }
}

const isKnown = (type: string) => /^audio\/(mpeg|mp3|ogg|aac|flac|x-flac|wav|x-wav|wave)$/.test(essence(type))
const essence = (type: string) => type.split(';')[0]?.trim().toLowerCase() ?? ''

/**
 * The pieces of a body that is not text: servers send errors with status 200, as audio or without a type. Every format of audio has
 * bytes near its beginning that text does not have.
 * @param mayBeText whether only JSON and pages are refused: formats that are not known may be anything
 * @throws {LlmError} the error that the text tells, or `bad-response`
 */
async function* audioOf(response: Response, who: string, mayBeText: boolean): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  /** The body so far, while it looks like text. */
  let held: Uint8Array[] | undefined = []
  let text = ''
  const looksLikeText = (piece?: Uint8Array) => {
    let more: string
    try {
      more = decoder.decode(piece, { stream: piece !== undefined })
    } catch {
      return false
    }
    text += more
    return !controls.test(more) && (!mayBeText || /^\s*([{[<]|$)/.test(text.slice(0, 256)))
  }
  for await (const piece of bodyBytes(response)) {
    if (held === undefined) {
      yield piece
      continue
    }
    held.push(piece)
    if (!looksLikeText(piece)) {
      yield* held
      held = undefined
    } else if (text.length > longestText) throw notAnAnswer(text, who)
  }
  if (held === undefined) return
  if (!looksLikeText()) yield* held
  else if (text !== '') throw notAnAnswer(text, who)
}

/** Characters of an error: more is not read. */
const longestText = 64 * 1024

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what text does not have
const controls = /[\0-\x08\x0e-\x1f\x7f]/

const isDone = (value: unknown) => fieldsOf(value).type === 'speech.audio.done'

/** One attempt. */
export async function speak(
  server: Server,
  target: Target,
  request: PreparedSpeak,
  context: CallContext,
): Promise<AsyncIterable<BackendSpeechEvent>> {
  const body = toSpeechBody(target, request)
  const response = await server.send(context, 'post', '/audio/speech', body)
  return speechOf(response, { ...target, format: body.response_format })
}
