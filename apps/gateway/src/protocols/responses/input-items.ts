// Input items by id: those that a body refers to, and those that clients ask for again.
import type { Json } from '../../body/body.js'

/** The ids of earlier items in an input. */
export function referencedIds(input: unknown): string[] {
  if (!Array.isArray(input)) return []
  return input.flatMap((item) =>
    item?.type === 'item_reference' && typeof item.id === 'string' ? [item.id] : [],
  )
}

/** The items of an input as clients ask for them again: each of a type, and with an id. */
export function toInputItems(input: unknown): Json[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : (input as Json[])
  return items.map(({ type = 'message', content, ...item }) => ({
    id: `${type === 'message' ? 'msg' : 'item'}_${crypto.randomUUID().replaceAll('-', '')}`,
    type,
    ...(content !== undefined && {
      content: typeof content === 'string' ? [{ type: 'input_text', text: content }] : content,
    }),
    ...item,
  }))
}
