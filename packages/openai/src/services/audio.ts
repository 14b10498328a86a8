// Speech to text: the form of POST /audio/transcriptions, and its answer.
// Source: platform.openai.com/docs/api-reference/audio/createTranscription, November 2026.
import type { PreparedTranscribe, TranscribeResponse } from '@patchbay/core'
import { fieldsOf, fromBase64, objectsIn } from '@patchbay/core/wire'
import { notAnAnswer } from '../errors.js'

// The service goes by the name of the file.
const endings: Record<string, string> = {
  mpeg: 'mp3',
  'x-wav': 'wav',
  'vnd.wave': 'wav',
  'x-m4a': 'm4a',
  mp4: 'mp4',
  'x-flac': 'flac',
}

/** The form. Whisper tells times, language and length when it is asked to; the models after it only give text. */
export function toForm(model: string, request: PreparedTranscribe): FormData {
  const { audio, mediaType, language, prompt, temperature, providerOptions } = request
  const bytes = typeof audio === 'string' ? fromBase64(audio) : new Uint8Array(audio)
  const kind = mediaType.replace(/^\w+\/|;.*$/gs, '')
  const form = new FormData()
  form.set('file', new Blob([bytes], { type: mediaType }), `audio.${endings[kind] ?? kind}`)
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

/** @throws {LlmError} `bad-response` for an answer without text */
export function toTranscript(
  answer: unknown,
  model: string,
  who: string,
): Omit<TranscribeResponse, 'provider'> {
  const { text, language, duration, segments, usage } = fieldsOf(answer)
  if (typeof text !== 'string') throw notAnAnswer(answer, who)
  const { input_tokens: inputTokens, output_tokens: outputTokens } = fieldsOf(usage)
  // Some servers write the length as text.
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
