// Files that are text: services without a form for them read them as text.
import type { FilePart } from '../../contract/message.js'
import { fromBase64 } from '../http/platform.js'

/** Whether files of this media type are text. */
export function isTextType(mediaType: string): boolean {
  return (
    mediaType.startsWith('text/') ||
    /[/+](json|xml|yaml|x-yaml|toml|csv|sql|graphql|javascript|typescript|x-sh|x-ndjson|jsonl)$/.test(
      mediaType,
    )
  )
}

/** The text of a file; `undefined` for one that is no text, or only an address. */
export function textOfFile({ data, mediaType }: FilePart): string | undefined {
  if (data === undefined || !isTextType(mediaType)) return undefined
  return new TextDecoder().decode(typeof data === 'string' ? fromBase64(data) : data)
}
