// Media that are only an address, for services that take bytes: fetched by us, within limits.
import type { MediaOptions } from '../../call/define-provider.js'
import { LlmError } from '../../contract/errors.js'
import type { FilePart, ImagePart, Part } from '../../contract/message.js'
import type { CallContext, PreparedChat } from '../../contract/provider.js'

type Addressed = (ImagePart | FilePart) & { url: string }

/**
 * The request with the bytes of every image and file that is only an address and that `wanted` names.
 * @throws {LlmError} `invalid-request` for what is too large, of another type, or not to be reached from here;
 *   `unsupported` where fetching is switched off
 */
export async function fetched(
  chat: PreparedChat,
  wanted: (part: Addressed) => boolean,
  limits: MediaOptions | false = {},
  { signal }: Pick<CallContext, 'signal'>,
): Promise<PreparedChat> {
  const addresses = new Map<string, Promise<{ data: Uint8Array; mediaType: string }>>()
  const visit = (parts: Part[]): Promise<Part[]> =>
    Promise.all(
      parts.map(async (part): Promise<Part> => {
        if (part.type === 'tool-result' && typeof part.output !== 'string')
          return { ...part, output: await visit(part.output) }
        if (!isAddressed(part) || !wanted(part)) return part
        if (limits === false)
          throw new LlmError(
            'unsupported',
            `This service takes the bytes of a part of type ${part.type}, not its address, and fetching is switched off. Pass \`data\` and \`mediaType\`.`,
          )
        const { url, ...rest } = part
        const key = `${part.type} ${url}`
        const known =
          addresses.get(key) ?? import('./download.js').then(({ download }) => download(part, limits, signal))
        addresses.set(key, known)
        return { ...rest, ...(await known) } as Part
      }),
    )
  const any = (parts: Part[]): boolean =>
    parts.some((part) =>
      part.type === 'tool-result'
        ? typeof part.output !== 'string' && any(part.output)
        : isAddressed(part) && wanted(part),
    )
  if (!chat.messages.some(({ content }) => any(content))) return chat
  const messages = await Promise.all(
    chat.messages.map(async (message) => ({ ...message, content: await visit(message.content) })),
  )
  return { ...chat, messages }
}

function isAddressed(part: Part): part is Addressed {
  return (part.type === 'image' || part.type === 'file') && part.url !== undefined
}
