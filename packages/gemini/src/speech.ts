// Speech: `streamGenerateContent` of the TTS models, whose audio is 16-bit PCM.
// Sources: ai.google.dev/gemini-api/docs/speech-generation, docs.cloud.google.com/gemini-enterprise-agent-platform/models/speech, and
// SpeechConfig and SpeechMetadata of @google/genai 2.32.0, November 2026.
import {
  type BackendEvent,
  type BackendSpeechEvent,
  type CallContext,
  LlmError,
  type PreparedSpeak,
} from '@patchbay/core'
import { fieldsOf, isStream, jsonEvents, receivedBytes } from '@patchbay/core/wire'
import type { Server } from './client.js'
import { each, fromChunks, isLast } from './events.js'

type Json = Record<string, unknown>

// Earlier models get the style in the text: "Say cheerfully: …".
const hasStyle = (model: string) => /gemini-(3\.[8-9]|[4-9])/.test(model)

/**
 * The body of a request.
 * @throws {LlmError} `unsupported` for a speed, and for formats other than PCM and WAV
 */
function toSpeechBody(
  model: string,
  { text, voice = 'Kore', format, speed, instructions, providerOptions }: PreparedSpeak,
): Json {
  if (speed !== undefined)
    throw new LlmError('unsupported', 'Gemini does not take a speed. Say it in instructions: speak slowly.')
  if (format !== undefined && format !== 'pcm' && format !== 'wav')
    throw new LlmError('unsupported', `Gemini does not make the format ${format}. Use 'pcm' or 'wav'.`)
  const { generationConfig, ...rest } = fieldsOf(providerOptions)
  const part =
    instructions === undefined
      ? { text }
      : hasStyle(model)
        ? { text, speechMetadata: { style: instructions } }
        : { text: `${instructions}:\n${text}` }
  return {
    contents: [{ role: 'user', parts: [part] }],
    generationConfig: {
      responseModalities: ['AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } },
      ...fieldsOf(generationConfig),
    },
    ...rest,
  }
}

/**
 * The speech among the events of an answer. `audio/L16;codec=pcm;rate=24000`, as the service calls it, is little-endian here, unlike
 * the type of that name (RFC 2586), so it gets another name.
 * @throws {LlmError} `content-filtered` if the service withheld it, `bad-response` if it ended before the text did
 */
async function* fromEvents(
  events: AsyncIterable<BackendEvent>,
  format: PreparedSpeak['format'],
): AsyncGenerator<BackendSpeechEvent> {
  let model: string | undefined
  let hasBegun = false
  for await (const event of events) {
    if (event.type === 'start') model = event.model
    else if (event.type === 'part' && event.part.type === 'audio') {
      const { data, mediaType } = event.part
      const bytes = receivedBytes(data)
      if (bytes === undefined) throw new LlmError('bad-response', 'Gemini sent audio that is not base64.')
      const rate = Number(/rate=(\d+)/.exec(mediaType)?.[1] ?? 24_000)
      const isPcm = /^audio\/(l16|pcm)\b/i.test(mediaType)
      if (!hasBegun) {
        const pcm = format === 'wav' ? 'audio/wav' : `audio/pcm;rate=${rate}`
        yield { type: 'start', mediaType: isPcm ? pcm : mediaType, ...(model !== undefined && { model }) }
        if (isPcm && format === 'wav') yield { type: 'audio', audio: wavHeader(rate) }
        hasBegun = true
      }
      yield { type: 'audio', audio: bytes }
    } else if (event.type === 'finish') {
      const { usage = {}, finishReason, rawFinishReason } = event.response
      if (finishReason === 'content-filter')
        throw new LlmError(
          'content-filtered',
          `Gemini withheld the speech (${rawFinishReason}). Change the text.`,
        )
      if (finishReason === 'length')
        throw new LlmError(
          'bad-response',
          'The speech reached the limit of tokens before its end. Split the text.',
        )
      yield { type: 'finish', usage }
    }
  }
}

/** The header of a WAV file of unknown length: 16 bits, one channel. */
function wavHeader(rate: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(44))
  const word = (at: number, text: string) => {
    for (const [index, sign] of [...text].entries()) header.setUint8(at + index, sign.charCodeAt(0))
  }
  word(0, 'RIFF')
  header.setUint32(4, 0xffff_ffff, true)
  word(8, 'WAVEfmt ')
  header.setUint32(16, 16, true)
  header.setUint16(20, 1, true)
  header.setUint16(22, 1, true)
  header.setUint32(24, rate, true)
  header.setUint32(28, rate * 2, true)
  header.setUint16(32, 2, true)
  header.setUint16(34, 16, true)
  word(36, 'data')
  header.setUint32(40, 0xffff_ffff, true)
  return new Uint8Array(header.buffer)
}

/** One attempt. */
export async function speak(
  server: Server,
  model: string,
  request: PreparedSpeak,
  context: CallContext,
): Promise<AsyncIterable<BackendSpeechEvent>> {
  const path = `${server.resource(model)}:streamGenerateContent?alt=sse`
  const response = await server.send(context, 'POST', path, toSpeechBody(model, request))
  const chunks = isStream(response, true)
    ? jsonEvents(response.body, isLast)
    : each(await server.jsonOf(response))
  return fromEvents(fromChunks(chunks, { host: server.host, warn: context.warn }), request.format)
}
