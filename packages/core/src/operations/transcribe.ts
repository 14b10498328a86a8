// Transcription: checks the request. Loaded with the first call.

import { validCounts } from '../call/response.js'
import type { Backend } from '../contract/backend.js'
import { invalid } from '../contract/errors.js'
import type { TranscribeRequest, TranscribeResponse } from '../contract/operations.js'
import { isObject, omitUndefined } from '../object.js'
import { bytesAndType } from '../request/media.js'
import { checkOptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import type { Attempt } from './attempt.js'

/**
 * The attempts of one `transcribe` call.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function transcribeAttempt(
  backend: Backend & Required<Pick<Backend, 'transcribe'>>,
  request: TranscribeRequest,
): Promise<Attempt<TranscribeResponse>> {
  if (!isObject(request)) throw invalid('request', 'must be an object with audio and mediaType')
  checkOptionNames(request, optionNames.transcribeRequest, 'of transcribe()')
  const { audio, mediaType, providerOptions, ...options } = request
  const bytes = await bytesAndType({ data: audio, mediaType }, 'audio')
  if (!/^(audio|video)\//.test(bytes.mediaType))
    throw invalid('mediaType', `must be an audio type, for example 'audio/wav', not ${bytes.mediaType}`)
  const prepared = {
    ...omitUndefined(options),
    audio: bytes.data,
    mediaType: bytes.mediaType,
    providerOptions: providerOptions?.[backend.provider] ?? {},
  }
  return async (context) => {
    const response = await backend.transcribe(prepared, context)
    return { ...response, usage: validCounts(response.usage), provider: backend.provider }
  }
}
