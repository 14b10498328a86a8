// Images, files and audio in the form of OpenAI's APIs: addresses, data URLs and base64.
import { LlmError, type Part } from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'

type Media = Part & { type: 'image' | 'file' | 'audio' }

/** The address of an image or file; for bytes, a data URL. */
export function addressOf(part: Media): string {
  return 'url' in part && part.url !== undefined
    ? part.url
    : `data:${part.mediaType};base64,${base64Of(part)}`
}

/**
 * The bytes of a part as base64.
 * @throws {LlmError} `unsupported` for a part that is only an address
 */
export function base64Of(part: Media): string {
  const { data } = part as { data?: Uint8Array | string }
  if (data === undefined)
    throw new LlmError(
      'unsupported',
      `This API takes the bytes of a part of type ${part.type}, not its address. Fetch it and pass \`data\`.`,
    )
  return toBase64(data)
}

// The others are called as their media types are.
const formats: [pattern: RegExp, name: string][] = [
  [/wav/, 'wav'],
  [/mp3|mpeg/, 'mp3'],
  [/m4a|mp4/, 'm4a'],
]

/**
 * The API's name of an audio format.
 * @throws {LlmError} `unsupported` for a format that the server does not take
 */
export function audioFormat(mediaType: string, accepted: readonly string[] | 'any'): string {
  const [type = ''] = mediaType.replace(/^audio\/(x-)?/, '').split(';')
  const name = formats.find(([pattern]) => pattern.test(type))?.[1] ?? type
  if (accepted === 'any' || accepted.includes(name)) return name
  throw new LlmError(
    'unsupported',
    `The server takes audio of the formats ${accepted.join(', ')}, not ${mediaType}. Convert the audio.`,
  )
}
