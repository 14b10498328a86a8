// Speech as text: the request is checked before the backend gets it. Loaded with the first call.
import { invalid } from '../contract/errors.js'
import type { Backend } from '../contract/provider.js'
import type { TranscribeRequest } from '../contract/request.js'
import type { TranscribeResponse } from '../contract/response.js'
import { isObject } from '../object.js'
import { bytesAndType } from '../request/media.js'
import type { Work } from './attempt.js'

/** @throws {LlmError} `invalid-request` with the path of what is wrong */
export async function transcribing(
  backend: Backend & Required<Pick<Backend, 'transcribe'>>,
  request: TranscribeRequest,
): Promise<Work<TranscribeResponse>> {
  if (!isObject(request)) throw invalid('request', 'must be an object with audio and mediaType')
  const { audio, mediaType, providerOptions, ...options } = request
  const sound = await bytesAndType({ data: audio, mediaType }, 'audio')
  if (!/^(audio|video)\//.test(sound.mediaType))
    throw invalid('mediaType', `must be a kind of sound, for example 'audio/wav', not ${sound.mediaType}`)
  const prepared = {
    ...options,
    audio: sound.data,
    mediaType: sound.mediaType,
    providerOptions: providerOptions?.[backend.provider] ?? {},
  }
  return async (context) => {
    const response = await backend.transcribe(prepared, context)
    return { ...response, provider: backend.provider }
  }
}
