// Jobs: the calls of a provider as JSON. Bytes are base64, as in the stored form of conversations.
import type {
  CallOptions,
  ChatRequest,
  EmbedRequest,
  ImageInput,
  ImageRequest,
  PreparedChat,
  PreparedEmbed,
  PreparedImage,
  PreparedRerank,
  PreparedSpeak,
  PreparedTranscribe,
  RerankRequest,
  SpeakRequest,
  TranscribeRequest,
} from '@patchbay/core'
import { storeMessages } from '@patchbay/core/messages'
import { toBase64, toolsOf } from '@patchbay/core/wire'

/** The call of one operation, and its input. `complete` asks for the answer in one piece. */
export type Operation =
  | { operation: 'chat'; input: ChatRequest; complete?: boolean }
  | { operation: 'embed'; input: EmbedRequest }
  | { operation: 'rerank'; input: RerankRequest }
  | { operation: 'transcribe'; input: TranscribeRequest }
  | { operation: 'image'; input: ImageRequest }
  | { operation: 'speak'; input: SpeakRequest }
  | { operation: 'countTokens'; input: ChatRequest }
  | { operation: 'models' }
  | { operation: 'capabilities' }

/** The content of a job. A call has a caller who waits; a request of a batch has not. */
export type JobData = Operation & {
  options?: Pick<CallOptions, 'headers' | 'metadata'>
  batch?: { id: string; index: number }
}

/** What a call has for its worker beside the request: the options of other providers, and labels for policies. */
export interface ForWorker {
  providerOptions?: NonNullable<ChatRequest['providerOptions']>
  metadata?: Record<string, string>
}

/** A checked request in a form that JSON can represent and that the worker's provider accepts. */
export function chatRequest(chat: PreparedChat, { providerOptions }: ForWorker): ChatRequest {
  const { messages, tools: _, serverTools: __, output, providerOptions: ___, ...options } = chat
  const tools = toolsOf(chat)
  const { schema, ...form } = output ?? {}
  return {
    ...options,
    messages: storeMessages(messages).messages,
    ...(tools.length > 0 && { tools }),
    ...(output !== undefined && { output: schema === undefined ? 'json' : { ...form, schema } }),
    ...(providerOptions !== undefined && { providerOptions }),
  }
}

/** The request of an operation on texts, with the options of the worker's provider. */
export function plainRequest<Prepared extends PreparedEmbed | PreparedRerank | PreparedSpeak>(
  { providerOptions: _, ...request }: Prepared,
  { providerOptions }: ForWorker,
): Omit<Prepared, 'providerOptions'> & Pick<ForWorker, 'providerOptions'> {
  return { ...request, ...(providerOptions !== undefined && { providerOptions }) }
}

/** Speech in a form that JSON can represent. */
export function transcribeRequest(
  { providerOptions: _, ...request }: PreparedTranscribe,
  { providerOptions }: ForWorker,
): TranscribeRequest {
  const { audio } = request
  return {
    ...request,
    audio:
      typeof audio === 'string'
        ? audio
        : toBase64(audio instanceof ArrayBuffer ? new Uint8Array(audio) : audio),
    ...(providerOptions !== undefined && { providerOptions }),
  }
}

/** A request for images; those to edit in a form that JSON can represent. */
export function imageRequest(
  { providerOptions: _, images, mask, ...request }: PreparedImage,
  { providerOptions }: ForWorker,
): ImageRequest {
  return {
    ...request,
    ...(images.length > 0 && { images: images.map(withBase64) }),
    ...(mask !== undefined && { mask: withBase64(mask) }),
    ...(providerOptions !== undefined && { providerOptions }),
  }
}

function withBase64({ data, mediaType }: ImageInput): ImageInput {
  return { data: typeof data === 'string' ? data : toBase64(data), mediaType }
}
