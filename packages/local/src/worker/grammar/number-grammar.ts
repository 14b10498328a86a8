// Numbers between bounds as a grammar: digits, length by length.

/** JavaScript's integers are exact to here; schemas that say so (zod's `int()`) ask for nothing more. */
const largest = 10 ** 15 - 1

/** What a number may be; both ends belong to it unless told otherwise. */
export interface Bounds {
  least?: number
  most?: number
  leastExcluded?: boolean
  mostExcluded?: boolean
}

/** Whole numbers between two ends; nothing where there is none. */
export function integerRange(least = -largest, most = largest): string | undefined {
  const [low, high] = [Math.max(Math.ceil(least), -largest), Math.min(Math.floor(most), largest)]
  if (low > high) return undefined
  return alternatives([
    low < 0 ? `"-" (${natural(Math.max(1, -high), -low)})` : undefined,
    high >= 0 ? natural(Math.max(0, low), high) : undefined,
  ])
}

/** Numbers between two ends that are whole; nothing where there is none. */
export function numberRange({ least = -largest, most = largest, ...excluded }: Bounds): string | undefined {
  const { leastExcluded = false, mostExcluded = false } = excluded
  const negative = least < 0 && positive(Math.max(0, -most), -least, most <= 0 && mostExcluded, leastExcluded)
  const other = most >= 0 && positive(Math.max(0, least), most, least >= 0 && leastExcluded, mostExcluded)
  return alternatives([negative ? `"-" (${negative})` : undefined, other || undefined])
}

function positive(
  low: number,
  high: number,
  lowExcluded: boolean,
  highExcluded: boolean,
): string | undefined {
  if (low > high || (low === high && (lowExcluded || highExcluded))) return undefined
  const whole = (from: number) =>
    from < high ? `(${natural(from, high - 1)}) ("." [0-9]{1,15})?` : undefined
  return alternatives([
    // Behind the end itself, but not on it.
    lowExcluded ? `"${low}." [0-9]{0,14} [1-9]` : whole(low),
    lowExcluded ? whole(low + 1) : undefined,
    highExcluded ? undefined : `"${high}"`,
  ])
}

function alternatives(forms: (string | undefined)[]): string | undefined {
  const all = forms.filter((form) => form !== undefined)
  return all.length > 0 ? all.join(' | ') : undefined
}

/** From `low` to `high`, neither below 0, without leading zeros. */
function natural(low: number, high: number): string {
  const forms: string[] = []
  const last = String(Math.min(high, largest)).length
  for (let length = String(low).length; length <= last; length++) {
    const from = Math.max(low, length === 1 ? 0 : 10 ** (length - 1))
    const to = Math.min(high, 10 ** length - 1)
    forms.push(digits(String(from), String(to)))
  }
  return forms.join(' | ')
}

/** Digits between two texts of one length. */
function digits(low: string, high: string): string {
  if (low === high) return `"${low}"`
  const count = low.length
  if (/^0*$/.test(low) && /^9*$/.test(high)) return `[0-9]{${count}}`
  let shared = 0
  while (low[shared] === high[shared]) shared++
  if (shared > 0) return `"${low.slice(0, shared)}" (${digits(low.slice(shared), high.slice(shared))})`
  const [first, last] = [Number(low[0]), Number(high[0])]
  if (count === 1) return `[${first}-${last}]`
  const [lowRest, highRest] = [low.slice(1), high.slice(1)]
  const fromAll = /^0*$/.test(lowRest)
  const toAll = /^9*$/.test(highRest)
  const [from, to] = [fromAll ? first : first + 1, toAll ? last : last - 1]
  const forms = [
    ...(fromAll ? [] : [`"${first}" (${digits(lowRest, '9'.repeat(count - 1))})`]),
    ...(from <= to ? [`[${from}-${to}] [0-9]{${count - 1}}`] : []),
    ...(toAll ? [] : [`"${last}" (${digits('0'.repeat(count - 1), highRest)})`]),
  ]
  return forms.join(' | ')
}
