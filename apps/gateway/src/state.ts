// What a protocol has no place for, on its way through clients that know nothing of it: providers' opaque state, and parts
// nobody else can read, as one text that clients give back as they got it.
import type { Part } from '@patchbay/core'
import { refused } from './failures.js'

const ours = 'patchbay:'

/** What a part was but for what clients see of it: texts by their length, calls by their id; of others, everything. */
type Kept = [type: Part['type'], seen: number | string | null, rest: object]

/** What clients do not see of an answer; nothing where they see all. */
export function stateOf(content: readonly Part[]): string | undefined {
  const kept = content.map(toKept)
  if (kept.every(([, seen, rest]) => seen !== null && Object.keys(rest).length === 0)) return undefined
  return ours + Buffer.from(JSON.stringify(kept)).toString('base64')
}

function toKept(part: Part): Kept {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal': {
      const { type, text, ...rest } = part
      return [type, text.length, rest]
    }
    case 'tool-call': {
      const { type, id, name: _, input: __, ...rest } = part
      return [type, id, rest]
    }
    default:
      return [part.type, null, part]
  }
}

/** Is it one of these? */
export function isState(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith(ours)
}

/**
 * The parts of an answer, as they were before a client saw them; as the client gives them where it has changed them.
 * @throws {LlmError} `invalid-request` for a state that is not as it was given
 */
export function withState(parts: readonly Part[], state: string | undefined, where: string): readonly Part[] {
  if (state === undefined) return parts
  try {
    const kept = JSON.parse(Buffer.from(state.slice(ours.length), 'base64').toString()) as Kept[]
    return restored(parts, kept) ?? parts
  } catch {
    throw refused(`${where}: its state (redacted_thinking, encrypted_content) is not as the gateway gave it.`)
  }
}

/** Texts that follow each other may have become one on the way. */
function restored(parts: readonly Part[], kept: readonly Kept[]): Part[] | undefined {
  const seen = parts.filter((part) => !('text' in part) || part.text !== '')
  const all: Part[] = []
  let at = 0
  let from = 0
  for (const [type, what, rest] of kept) {
    if (what === null) {
      all.push(rest as Part)
      continue
    }
    if (what === 0) {
      all.push({ type, text: '', ...rest } as Part)
      continue
    }
    const part = seen[at]
    if (part?.type === 'tool-call' && part.id === what) {
      all.push({ ...part, ...rest })
      at++
    } else if (part !== undefined && 'text' in part && typeof what === 'number') {
      const text = part.text.slice(from, from + what)
      if (text.length < what) return undefined
      all.push({ type, text, ...rest } as Part)
      from += what
      if (from === part.text.length) [at, from] = [at + 1, 0]
    } else return undefined
  }
  return at === seen.length ? all : undefined
}
