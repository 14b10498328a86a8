// Texts that are JSON: what stands in them must be spelled as JSON spells it.

/**
 * For a text that is JSON: is this place inside of a string of it? Asked from its start to its end. Nothing for another text,
 * and for one of more than two million characters.
 */
export function stringsOf(text: string): ((at: number) => boolean) | undefined {
  if (text.length > longest || !/^\s*(?:\{|\[(?!\s*[A-Z]))/.test(text) || !isWholeJson(text)) return undefined
  let inside = false
  let read = 0
  return (at) => {
    for (; read < at; read++) {
      if (text[read] === '"') inside = !inside
      else if (inside && text[read] === '\\') read++
    }
    return inside
  }
}

// Parsing holds the event loop: longer texts are not looked at as JSON.
const longest = 2_000_000

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A value as it stands between the quotes of a JSON string. */
export function spelled(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** And back. */
export function unspelled(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}

/** Is it JSON, in a fence or not? */
export function isJson(text: string): boolean {
  const [, fenced] = /^\s*```(?:json)?([\s\S]*?)```/i.exec(text) ?? []
  try {
    const value: unknown = JSON.parse(fenced ?? text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** Does a text that begins like this, and goes on, say something in JSON? `[1]` and `{ user }` may begin a sentence. */
export function beginsJson(text: string): boolean {
  return /^\s*(?:```(?:json)?\s*)?(?:\{\s*["}]|\[\s*["{])/i.test(text.slice(0, 200))
}
