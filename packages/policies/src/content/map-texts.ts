// The texts of a value, changed; its shape stays.
import { Yielder } from '@patchbay/core/wrap'

const longNumber = 1e9

/** The same value with each of its texts changed, names of properties included. What a provider must get back as it is stays. */
export function mapped<T>(value: T, change: (text: string) => string): T {
  const walk = walked(value, change)
  for (;;) {
    const { done, value: changed } = walk.next()
    if (done) return changed as T
  }
}

/** The same in slices, between which others have their turns of the event loop. */
export async function mappedInSlices<T>(
  value: T,
  change: (text: string) => string,
  yielder: Yielder,
): Promise<T> {
  const walk = walked(value, change)
  for (;;) {
    const { done, value: changed } = walk.next()
    if (done) return changed as T
    await yielder.yieldIfDue()
  }
}

/** The same with changes that take their time; each text is changed once, wherever it stands. */
export async function mappedLater<T>(
  value: T,
  change: (text: string) => Promise<string>,
  yielder = new Yielder(),
): Promise<T> {
  const changed = new Map<string, string>()
  for (const text of await distinctTexts(value, yielder)) {
    await yielder.yieldIfDue()
    changed.set(text, await change(text))
  }
  return mappedInSlices(value, (text) => changed.get(text) ?? text, yielder)
}

/** A copy of all of it but for bytes: what the caller changes later is not changed in it. */
export function copied<T>(value: T, yielder = new Yielder()): Promise<T> {
  return mappedInSlices(value, (text) => text, yielder)
}

/** All texts of a value. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = []
  mapped(value, (text) => {
    texts.push(text)
    return text
  })
  return texts
}

/** Each of them once, looked for in slices. */
export async function distinctTexts(value: unknown, yielder: Yielder): Promise<Set<string>> {
  const texts = new Set<string>()
  const add = (text: string) => {
    texts.add(text)
    return text
  }
  await mappedInSlices(value, add, yielder)
  return texts
}

// A step of a walk goes over so many values.
const stride = 256

function walked(whole: unknown, change: (text: string) => string): Generator<undefined, unknown, undefined> {
  let values = 0
  function* walk(value: unknown, inData: boolean): Generator<undefined, unknown, undefined> {
    if (++values % stride === 0) yield
    if (typeof value === 'string') return change(value)
    // A number may be one of a card or a telephone.
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
  return walk(whole, false)
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
