// Media as OpenAI's APIs take them: addresses, or data URLs.
import { LlmError, type Part } from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'

type Media = Part & { type: 'image' | 'file' | 'audio' }

/** The address of an image or file, its bytes as a data URL. */
export function addressOf(part: Media): string {
  return 'url' in part && part.url !== undefined
    ? part.url
    : `data:${part.mediaType};base64,${base64Of(part)}`
}

/** The bytes of a part, as base64. */
export function base64Of(part: Media): string {
  const { data } = part as { data?: Uint8Array | string }
  if (data === undefined)
    throw new LlmError(
      'unsupported',
      `This API takes the bytes of a part of type ${part.type}, not its address. Fetch it and pass \`data\`.`,
    )
  return toBase64(data)
}

/** `wav` or `mp3`, which is all the APIs hear. */
export function audioFormat(mediaType: string): 'wav' | 'mp3' {
  if (/wav/.test(mediaType)) return 'wav'
  if (/mp3|mpeg/.test(mediaType)) return 'mp3'
  throw new LlmError('unsupported', `OpenAI hears wav and mp3, not ${mediaType}. Convert the audio.`)
}
