// Maps over all texts inside a value; its shape stays the same.
import { Yielder } from '@patchbay/core/wrap'

const longNumber = 1e9

/** The value with each text changed, property names included. Opaque provider state stays unchanged. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  return walked(value, change) as T
}

/** The same with an asynchronous change. Equal texts are changed once. */
export async function mapTextsAsync<T>(
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
  return mapTexts(value, (text) => changed.get(text) ?? text)
}

/** A deep copy in which byte arrays are shared: later changes by the caller do not affect it. */
export function cloneExceptBytes<T>(value: T): T {
  return mapTexts(value, (text) => text)
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
  // A long number may be a card or telephone number.
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

// Content of these properties is free-form data, never a part of a message, even if it looks like one.
const data = new Set(['input', 'output', 'providerOptions', 'metadata', 'tools'])
const parts = new Set<unknown>(
  'text reasoning refusal tool-call tool-result provider-block image file audio'.split(' '),
)

/** Only parts of messages have opaque provider state. Other properties named `opaque` are ordinary data. */
function isPart(value: object): boolean {
  const { type, opaque } = value as { type?: unknown; opaque?: unknown }
  return parts.has(type) && typeof opaque === 'object' && opaque !== null && 'provider' in opaque
}
