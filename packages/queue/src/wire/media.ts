// Images and speech that a worker made, with their bytes as base64.
import type { BackendSpeechEvent, ImageResponse, SpeechEvent } from '@patchbay/core'
import { fromBase64, toBase64 } from '@patchbay/core/wire'

type WireImages = Omit<ImageResponse, 'images'> & {
  images: (Omit<ImageResponse['images'][number], 'data'> & { data: string })[]
}

export function imagesToWire({ images, ...response }: ImageResponse): WireImages {
  return { ...response, images: images.map(({ data, ...image }) => ({ ...image, data: toBase64(data) })) }
}

export function imagesFromWire({ images, ...response }: WireImages): ImageResponse {
  return { ...response, images: images.map(({ data, ...image }) => ({ ...image, data: fromBase64(data) })) }
}

/** An event of speech; the last one does not repeat the audio. */
export type WireSpeechEvent =
  | Exclude<BackendSpeechEvent, { type: 'audio' }>
  | { type: 'audio'; audio: string }

export function speechToWire(event: SpeechEvent): WireSpeechEvent {
  if (event.type === 'audio') return { type: 'audio', audio: toBase64(event.audio) }
  if (event.type === 'finish') return { type: 'finish', usage: event.response.usage }
  const { mediaType, model } = event
  return { type: 'start', mediaType, model }
}

export function speechFromWire(event: WireSpeechEvent): BackendSpeechEvent {
  return event.type === 'audio' ? { type: 'audio', audio: fromBase64(event.audio) } : event
}
