// Speech: the request to POST /audio/speech, and its answer as events: bytes, or server-sent events that contain them.
// Source: openai 6.49.0, resources/audio/speech.d.ts; platform.openai.com/docs/api-reference/audio/speech-audio-delta-event, November 2026.
import { type BackendSpeechEvent, type CallContext, LlmError, type PreparedSpeak } from '@patchbay/core'
import { bodyBytes, fieldsOf, isStream, jsonEvents, receivedBytes } from '@patchbay/core/wire'
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
  if (type.includes('json')) throw notAnAnswer(await response.text(), who)
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
  // Servers call samples without a header all sorts of names, or nothing.
  const isTold = format !== 'pcm' && /^audio\/(?!opus)[\w.+-]+$/.test(type.split(';')[0] ?? '')
  yield { type: 'start', mediaType: isTold ? type : asked, model }
  for await (const audio of bodyBytes(response)) yield { type: 'audio', audio }
  yield { type: 'finish' }
}

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
