// Tool names that models accept: at most 64 letters, digits, _ and -, unique and stable.

const longest = 64

/** A name for each of these, which differ. Short ones stay; a changed one that another tool has too gets a hash. */
export function namesFor(originals: readonly string[]): Map<string, string> {
  const count = new Map<string, number>()
  for (const original of originals) count.set(clean(original), (count.get(clean(original)) ?? 0) + 1)
  const names = new Map(originals.filter((one) => isFine(one)).map((one) => [one, one]))
  const taken = new Set(names.values())
  // In an order of their own, so that the server's decides nothing.
  for (const original of originals.filter((one) => !isFine(one)).sort()) {
    const cleaned = clean(original)
    let name = cleaned
    for (let salt = 0; name.length > longest || count.get(name) !== 1 || taken.has(name); salt++) {
      const end = `_${hash(`${original}${salt || ''}`)}`
      name = cleaned.slice(0, longest - end.length) + end
      if (!taken.has(name)) break
    }
    taken.add(name)
    names.set(original, name)
  }
  return names
}

function clean(original: string): string {
  return original.replace(/[^\w-]/g, '_')
}

function isFine(original: string): boolean {
  return original.length <= longest && clean(original) === original
}

/** FNV-1a. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  return (value >>> 0).toString(16).padStart(8, '0')
}
