// The request as it is searched, with the texts of files decoded, and as it is sent, with them encoded again.
import type { ChatRequest, Message, MessageInput, Part } from '@patchbay/core'
import { convertible, isMedia, toJsonSchema, Yielder } from '@patchbay/core/wrap'
import { cloneExceptBytes } from '../map-texts.js'
import { type MediaPart, mediaOf, textOf } from '../media.js'

/** Throws if media of this kind, which cannot be searched, may not be sent. */
type RefuseMedia = (what: string) => void

/** A copy of the request with its texts ready to be searched (text files decoded), and only media that may be sent. */
export async function searchableRequest(
  { messages, tools, output, ...rest }: ChatRequest,
  refuse: RefuseMedia,
): Promise<ChatRequest> {
  const yielder = new Yielder()
  const given = await cloneExceptBytes(typeof messages === 'string' ? [messages] : messages, yielder)
  const more = {
    ...(await cloneExceptBytes(rest, yielder)),
    ...(tools && {
      tools: await Promise.all(
        tools.map(async ({ name, description, input: schema }, index) => ({
          name,
          ...(description !== undefined && { description }),
          input: toJsonSchema(await convertible(schema), `tools[${index}].input`),
        })),
      ),
    }),
    ...(output !== undefined && {
      output:
        typeof output === 'object'
          ? { ...output, schema: toJsonSchema(await convertible(output.schema), 'output.schema') }
          : output,
    }),
  }
  await yielder.yieldIfDue()
  if (!Array.isArray(given)) return { ...more, messages: given }
  const searchable: MessageInput[] = []
  for (const message of given) searchable.push(await searchableMessage(message, refuse, yielder))
  await yielder.yieldIfDue()
  return { ...more, messages: searchable }
}

async function searchableMessage(
  message: MessageInput,
  refuse: RefuseMedia,
  yielder: Yielder,
): Promise<MessageInput> {
  if (typeof message !== 'object' || !Array.isArray(message.content)) return message
  return { ...message, content: await searchableParts(message.content, refuse, yielder) } as Message
}

async function searchableParts(
  parts: readonly Part[],
  refuse: RefuseMedia,
  yielder: Yielder,
): Promise<Part[]> {
  const searchable: Part[] = []
  for (const part of parts) {
    searchable.push(await searchablePart(part, refuse, yielder))
    await yielder.yieldIfDue()
  }
  return searchable
}

async function searchablePart(part: Part, refuse: RefuseMedia, yielder: Yielder): Promise<Part> {
  if (part.type === 'tool-result' && Array.isArray(part.output))
    return { ...part, output: await searchableParts(part.output, refuse, yielder) }
  if (!isMedia(part)) return part
  const { url, ...rest } = part as MediaPart
  const media = await mediaOf(part as MediaPart)
  const text = textOf(media)
  if (text !== undefined) return { ...rest, mediaType: media.mediaType, data: text } as Part
  refuse(part.type === 'file' ? 'documents' : part.type === 'image' ? 'images' : 'audio')
  // As bytes, so that it is not searched as text.
  return media.data !== undefined ? ({ ...rest, ...media } as Part) : part
}

/**
 * The request with the texts of files encoded as bytes again, and the server tools of the original: what the app itself sets at the
 * service must be right.
 */
export function sendableRequest(masked: ChatRequest, original: ChatRequest): ChatRequest {
  const servers = original.tools?.map(({ server }) => server) ?? []
  const tools = masked.tools?.map((tool, index) => {
    const server = servers[index]
    return server === undefined ? tool : { ...tool, server }
  })
  const request: ChatRequest = { ...masked, ...(tools && { tools }) }
  const encoded = (part: Part): Part => {
    if (part.type === 'tool-result' && Array.isArray(part.output))
      return { ...part, output: part.output.map(encoded) }
    const { data } = part as { data?: unknown }
    return isMedia(part) && typeof data === 'string'
      ? ({ ...part, data: new TextEncoder().encode(data) } as Part)
      : part
  }
  if (!Array.isArray(request.messages)) return request
  return {
    ...request,
    messages: request.messages.map((message) =>
      typeof message === 'object' && Array.isArray(message.content)
        ? ({ ...message, content: message.content.map(encoded) } as Message)
        : message,
    ),
  }
}
