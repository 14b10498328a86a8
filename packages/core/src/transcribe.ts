// Speech as text: the request is checked before the backend gets it. Loaded with the first call.
import { invalid } from './errors.js'
import { isObject } from './is-object.js'
import { bytesAndType } from './media.js'
import type { Backend, CallContext } from './provider.js'
import type { TranscribeRequest } from './request.js'
import type { TranscribeResponse } from './response.js'

/** @throws {LlmError} `invalid-request` with the path of what is wrong */
export async function transcribe(
  backend: Backend & Required<Pick<Backend, 'transcribe'>>,
  request: TranscribeRequest,
  context: CallContext,
): Promise<TranscribeResponse> {
  if (!isObject(request)) throw invalid('request', 'must be an object with audio and mediaType')
  const { audio, mediaType, providerOptions, ...options } = request
  const sound = await bytesAndType({ data: audio, mediaType }, 'audio')
  if (!/^(audio|video)\//.test(sound.mediaType))
    throw invalid('mediaType', `must be a kind of sound, for example 'audio/wav', not ${sound.mediaType}`)
  const response = await backend.transcribe(
    {
      ...options,
      audio: sound.data,
      mediaType: sound.mediaType,
      providerOptions: providerOptions?.[backend.provider] ?? {},
    },
    context,
  )
  return { ...response, provider: backend.provider }
}
