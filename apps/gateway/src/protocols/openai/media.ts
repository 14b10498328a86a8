// Media in OpenAI's protocols: audio.
import type { Part } from '@patchbay/core'
import { type Json, requireString } from '../../body/body.js'

/** Audio input, the same in both of OpenAI's protocols. */
export function toAudio({ data, format }: Json, where: string): Part {
  const kind = requireString(format, `${where}.format`)
  const mediaType = `audio/${kind === 'mp3' ? 'mpeg' : kind}`
  return { type: 'audio', data: requireString(data, `${where}.data`), mediaType }
}
