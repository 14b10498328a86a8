// Ids of tool calls, shortened for services with a limit: the same for the same id, and different for different ids.

/** The id itself, or its beginning and a hash if it is longer than `most` characters. A halved character becomes U+FFFD. */
export function shortened(id: string, most: number): string {
  return id.length <= most ? id : `${id.slice(0, most - 15).toWellFormed()}_${hashOf(id).slice(0, 14)}`
}

/** Nine letters and digits, which Mistral requires. */
export function shortId(id: string): string {
  return /^[a-zA-Z0-9]{9}$/.test(id) ? id : hashOf(id).slice(0, 9)
}

/** Fourteen letters and digits. */
function hashOf(id: string): string {
  let [a, b] = [0x811c9dc5, 0x1000193]
  for (const character of id) {
    a = Math.imul(a ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
    b = Math.imul(b + a, 0x85ebca6b) >>> 0
  }
  return a.toString(36).padStart(7, '0') + b.toString(36).padStart(7, '0')
}
