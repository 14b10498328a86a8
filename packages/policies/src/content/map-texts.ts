// The texts of a value, changed; its shape stays.
import { Yielder } from '@patchbay/core/wrap'

const longNumber = 1e9

/** The same value with each of its texts changed, names of properties included. What a provider must get back as it is stays. */
export function mapped<T>(value: T, change: (text: string) => string): T {
  return walked(value, change) as T
}

/** The same with changes that take their time; each text is changed once, wherever it stands. */
export async function mappedLater<T>(
  value: T,
  change: (text: string) => Promise<string>,
  yielder = new Yielder(),
): Promise<T> {
  const changed = new Map<string, string>()
  for (const text of textsOf(value)) {
    await yielder.yieldIfDue()
    if (!changed.has(text)) changed.set(text, await change(text))
  }
  await yielder.yieldIfDue()
  return mapped(value, (text) => changed.get(text) ?? text)
}

/** A copy of all of it but for bytes: what the caller changes later is not changed in it. */
export function copied<T>(value: T): T {
  return mapped(value, (text) => text)
}

/** All texts of a value. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = []
  walked(value, (text) => {
    texts.push(text)
    return text
  })
  return texts
}

function walked(value: unknown, change: (text: string) => string, inData = false): unknown {
  if (typeof value === 'string') return change(value)
  // A number may be one of a card or a telephone.
  if (typeof value === 'number' && value >= longNumber && Number.isSafeInteger(value)) {
    const text = String(value)
    const changed = change(text)
    return changed === text ? value : changed
  }
  if (Array.isArray(value)) return value.map((item) => walked(item, change, inData))
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      change(name),
      !inData && name === 'opaque' && isPart(value) ? item : walked(item, change, inData || data.has(name)),
    ]),
  )
}

// What is in there is the app's or the model's, and no part of a message, whatever it looks like.
const data = new Set(['input', 'output', 'providerOptions', 'metadata', 'tools'])
const parts = new Set<unknown>(
  'text reasoning refusal tool-call tool-result provider-block image file audio'.split(' '),
)

/** Only parts of messages have state of a provider; what anybody else calls so is looked into. */
function isPart(value: object): boolean {
  const { type, opaque } = value as { type?: unknown; opaque?: unknown }
  return parts.has(type) && typeof opaque === 'object' && opaque !== null && 'provider' in opaque
}
