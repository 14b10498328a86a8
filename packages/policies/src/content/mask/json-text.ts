// Texts that are JSON: escaping of values, and positions inside of strings.

/**
 * For a text that is JSON: a function that tells whether a position is inside a JSON string; call it with increasing positions.
 * `undefined` for other texts, and for more than two million characters.
 */
export function jsonStringLocator(text: string): ((at: number) => boolean) | undefined {
  if (text.length > maxLength || !/^\s*(?:\{|\[(?!\s*[A-Z]))/.test(text) || !isWholeJson(text))
    return undefined
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

// Parsing blocks the event loop, so longer texts are not treated as JSON.
const maxLength = 2_000_000

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A value as it is between the quotes of a JSON string. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** The value of the inside of a JSON string; an invalid one is returned unchanged. */
export function unescapeJson(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}

/** Is the text a JSON object or array, possibly in a Markdown code fence? */
export function isJsonDocument(text: string): boolean {
  const [, fenced] = /^\s*```(?:json)?([\s\S]*?)```/i.exec(text) ?? []
  try {
    const value: unknown = JSON.parse(fenced ?? text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** Does a text that begins like this seem to be JSON? `[1]` and `{ user }` may begin a sentence. */
export function beginsJson(text: string): boolean {
  return /^\s*(?:```(?:json)?\s*)?(?:\{\s*["}]|\[\s*["{])/i.test(text.slice(0, 200))
}
