// Downloads media given as a URL, within limits, for services that accept only bytes.
import type { MediaOptions } from '../../call/define-provider.js'
import type { CallContext, PreparedChat } from '../../contract/backend.js'
import { LlmError } from '../../contract/errors.js'
import type { FilePart, ImagePart, Part } from '../../contract/message.js'

type PartWithUrl = (ImagePart | FilePart) & { url: string }

/**
 * The request with the bytes of every image and file that is given as a URL and that `wanted` selects.
 * @throws {LlmError} `invalid-request` for a download that is too large, of another type, or not from a public host; `unsupported`
 *   with `limits` `false`
 */
export async function withInlineMedia(
  chat: PreparedChat,
  wanted: (part: PartWithUrl) => boolean,
  limits: MediaOptions | false = {},
  { signal }: Pick<CallContext, 'signal'>,
): Promise<PreparedChat> {
  if (!chat.messages.some(({ content }) => hasWanted(content, wanted))) return chat
  const downloads = new Map<string, Promise<{ data: Uint8Array; mediaType: string }>>()
  const visit = (parts: Part[]): Promise<Part[]> =>
    Promise.all(
      parts.map(async (part): Promise<Part> => {
        if (part.type === 'tool-result' && typeof part.output !== 'string')
          return { ...part, output: await visit(part.output) }
        if (!hasUrl(part) || !wanted(part)) return part
        if (limits === false)
          throw new LlmError(
            'unsupported',
            `This service accepts the bytes of a part of type ${part.type}, not its URL, and downloads are turned off. Pass \`data\` and \`mediaType\`.`,
          )
        const { url, ...rest } = part
        const key = `${part.type} ${url}`
        const known =
          downloads.get(key) ?? import('./download.js').then(({ download }) => download(part, limits, signal))
        downloads.set(key, known)
        return { ...rest, ...(await known) } as Part
      }),
    )
  const messages = await Promise.all(
    chat.messages.map(async (message) => ({ ...message, content: await visit(message.content) })),
  )
  return { ...chat, messages }
}

function hasWanted(parts: Part[], wanted: (part: PartWithUrl) => boolean): boolean {
  for (const part of parts)
    if (
      part.type === 'tool-result'
        ? typeof part.output !== 'string' && hasWanted(part.output, wanted)
        : hasUrl(part) && wanted(part)
    )
      return true
  return false
}

function hasUrl(part: Part): part is PartWithUrl {
  return (part.type === 'image' || part.type === 'file') && part.url !== undefined
}
