// Maps over all texts inside a value; its shape stays the same.
import { Yielder } from '@patchbay/core/wrap'

const longNumber = 1e9

/**
 * The value with each text changed, property names included. Opaque provider state stays unchanged.
 * @param isInData whether the value is free-form data, in which nothing is opaque. Default false.
 */
export function mapTexts<T>(value: T, change: (text: string) => string, isInData = false): T {
  const walk = walkTexts(value, change, isInData)
  for (;;) {
    const { done, value: changed } = walk.next()
    if (done) return changed as T
  }
}

/** The same in slices of the event loop, for large values. */
async function mapTextsInSlices<T>(value: T, change: (text: string) => string, yielder: Yielder): Promise<T> {
  const walk = walkTexts(value, change)
  for (;;) {
    const { done, value: changed } = walk.next()
    if (done) return changed as T
    await yielder.yieldIfDue()
  }
}

/** The same with an asynchronous change. Equal texts are changed once. */
export async function mapTextsAsync<T>(
  value: T,
  change: (text: string) => Promise<string>,
  yielder = new Yielder(),
): Promise<T> {
  const changed = new Map<string, string>()
  for (const text of await distinctTexts(value, yielder)) {
    await yielder.yieldIfDue()
    changed.set(text, await change(text))
  }
  return mapTextsInSlices(value, (text) => changed.get(text) ?? text, yielder)
}

/** A deep copy in which byte arrays are shared: later changes by the caller do not affect it. */
export function cloneExceptBytes<T>(value: T, yielder = new Yielder()): Promise<T> {
  return mapTextsInSlices(value, (text) => text, yielder)
}

/** All texts of a value. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = []
  mapTexts(value, (text) => {
    texts.push(text)
    return text
  })
  return texts
}

/** All texts of a value, each once, collected in slices of the event loop. */
export async function distinctTexts(value: unknown, yielder: Yielder): Promise<Set<string>> {
  const texts = new Set<string>()
  const add = (text: string) => {
    texts.add(text)
    return text
  }
  await mapTextsInSlices(value, add, yielder)
  return texts
}

// The walk can pause after so many values.
const valuesPerStep = 256

function walkTexts(
  root: unknown,
  change: (text: string) => string,
  isInData = false,
): Generator<undefined, unknown, undefined> {
  let values = 0
  function* walk(value: unknown, inData: boolean): Generator<undefined, unknown, undefined> {
    if (++values % valuesPerStep === 0) yield
    if (typeof value === 'string') return change(value)
    // A long number may be a card or telephone number.
    if (typeof value === 'number' && value >= longNumber && Number.isSafeInteger(value)) {
      const text = String(value)
      const changed = change(text)
      return changed === text ? value : changed
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    if (Array.isArray(value)) {
      const items: unknown[] = []
      for (const item of value) items.push(yield* walk(item, inData))
      return items
    }
    const entries: [string, unknown][] = []
    for (const [name, item] of Object.entries(value)) {
      const isState = !inData && name === 'opaque' && isPart(value)
      entries.push([change(name), isState ? item : yield* walk(item, inData || data.has(name))])
    }
    return Object.fromEntries(entries)
  }
  return walk(root, isInData)
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
