// Bodies of error responses, as text.

/** The longest error body that is read, in characters: the page of a proxy can be long. */
export const longestErrorBody = 64 * 1024

/** The text of an error body, at most 64 Ki characters. Never throws: half a message is better than none. */
export async function errorText(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (text.length < longestErrorBody) {
      const { done, value } = await reader.read()
      if (done) break
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    // The text that has arrived is used.
  } finally {
    void reader.cancel().catch(() => {})
  }
  return text.slice(0, longestErrorBody)
}

/** The beginning of a text on one line, at most 120 characters, for an error message. */
export function excerpt(text: string): string {
  // Only the beginning of a large body is scanned.
  const line = text.slice(0, 4096).replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 120)}…` : line === '' ? '(nothing)' : line
}
