// Media in OpenAI's protocols: data URLs and audio.
import type { Part } from '@patchbay/core'
import { type Json, requireString } from '../../body/body.js'

/** Audio input, the same in both of OpenAI's protocols. */
export function toAudio({ data, format }: Json, where: string): Part {
  const kind = requireString(format, `${where}.format`)
  const mediaType = `audio/${kind === 'mp3' ? 'mpeg' : kind}`
  return { type: 'audio', data: requireString(data, `${where}.data`), mediaType }
}

// The rest of a data URL may be very long.
const maxTypeLength = 200

/** Media type and bytes of a data URL; undefined for another URL. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [head, mediaType] = /^data:([^;,]+);base64,/.exec(url.slice(0, maxTypeLength)) ?? []
  return head === undefined || mediaType === undefined
    ? undefined
    : { mediaType, data: url.slice(head.length) }
}
