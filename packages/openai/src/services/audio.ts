// Speech to text: the form for POST /audio/transcriptions, and its answer.
// Source: platform.openai.com/docs/api-reference/audio/createTranscription, November 2026.
import type { CallContext, PreparedTranscribe, TranscribeResponse } from '@patchbay/core'
import { fieldsOf, fromBase64, objectsIn } from '@patchbay/core/wire'
import type { Target } from '../api.js'
import type { Server } from '../client.js'
import { notAnAnswer } from '../errors.js'

// The service tells the format by the name of the file.
const extensions: Record<string, string> = {
  mpeg: 'mp3',
  'x-wav': 'wav',
  'vnd.wave': 'wav',
  'x-m4a': 'm4a',
  mp4: 'mp4',
  'x-flac': 'flac',
}

/** The form. Whisper also gives times, language and length; the later models give only text. */
function toForm(model: string, request: PreparedTranscribe): FormData {
  const { audio, mediaType, language, prompt, temperature, providerOptions } = request
  const bytes = typeof audio === 'string' ? fromBase64(audio) : new Uint8Array(audio)
  const kind = mediaType.replace(/^\w+\/|;.*$/gs, '')
  const form = new FormData()
  form.set('file', new Blob([bytes], { type: mediaType }), `audio.${extensions[kind] ?? kind}`)
  const fields = {
    model,
    response_format: /whisper/i.test(model) ? 'verbose_json' : 'json',
    language,
    prompt,
    temperature,
    ...providerOptions,
  }
  for (const [name, value] of Object.entries(fields))
    for (const item of [value].flat()) if (item !== undefined) form.append(name, String(item))
  return form
}

/**
 * The transcript in an answer.
 * @throws {LlmError} `bad-response` for an answer without text
 */
function toTranscript(answer: unknown, model: string, who: string): Omit<TranscribeResponse, 'provider'> {
  const { text, language, duration, segments, usage } = fieldsOf(answer)
  if (typeof text !== 'string') throw notAnAnswer(answer, who)
  const { input_tokens: inputTokens, output_tokens: outputTokens } = fieldsOf(usage)
  // Some servers send the length as a string.
  const seconds = Number(duration ?? Number.NaN)
  return {
    text: text.trim(),
    segments: objectsIn(segments).flatMap(({ start, end, text }) =>
      typeof start === 'number' && typeof end === 'number' && typeof text === 'string'
        ? [{ start, end, text: text.trim() }]
        : [],
    ),
    usage: {
      ...(typeof inputTokens === 'number' && { inputTokens }),
      ...(typeof outputTokens === 'number' && { outputTokens }),
    },
    model,
    ...(typeof language === 'string' && { language }),
    ...(Number.isFinite(seconds) && { duration: seconds }),
  }
}

/** One attempt. */
export async function transcribe(
  server: Server,
  { model, who }: Target,
  request: PreparedTranscribe,
  context: CallContext,
): Promise<Omit<TranscribeResponse, 'provider'>> {
  const form = toForm(model, request)
  return toTranscript(await server.json(context, 'post', '/audio/transcriptions', form), model, who)
}
