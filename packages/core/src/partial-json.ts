// JSON that is still coming: the value so far, grown in place. Each character is looked at once.

interface Frame {
  value: Record<string, unknown> | unknown[]
  /** Where in an object the next value goes. */
  key?: string
}

const plain = /[^"\\]*/y
const scalar = /[^\s,\]}]*/y
const space = /[\s,:]*/y
const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * Takes JSON text in pieces. `value` is what is known: strings grow, numbers and words come whole. What stands before
 * the first `{` or `[` is skipped; text that is no JSON gives nothing more, and says so nowhere: it is for the check
 * of the whole text to refuse it.
 */
export class PartialJson {
  value: unknown
  /** The outermost value has ended. */
  done = false
  readonly #stack: Frame[] = []
  #rest = ''
  /** A string on its way: what is known of it, and whether it is a key. */
  #string: { text: string; isKey: boolean } | undefined

  push(text: string): void {
    const all = this.#rest + text
    this.#rest = ''
    let at = 0
    while (at < all.length && !this.done) {
      const next = this.#string === undefined ? this.#step(all, at) : this.#inString(all, at)
      if (next === undefined) {
        this.#rest = all.slice(at)
        return
      }
      at = next
    }
  }

  /** Where to go on; nothing when the text ends too early to tell. */
  #step(all: string, from: number): number | undefined {
    const frame = this.#stack.at(-1)
    const at = from + run(space, all, from)
    const character = all[at]
    if (character === undefined) return all.length
    if (character === '{' || character === '[') {
      this.#put(character === '{' ? {} : [], true)
      return at + 1
    }
    if (frame === undefined) return at + 1
    if (character === '}' || character === ']') {
      this.#stack.pop()
      this.done = this.#stack.length === 0
      return at + 1
    }
    if (character === '"') {
      const isKey = !Array.isArray(frame.value) && frame.key === undefined
      this.#string = { text: '', isKey }
      if (!isKey) this.#put('')
      return at + 1
    }
    const length = run(scalar, all, at)
    // A number may go on in the next piece.
    if (at + length === all.length) return undefined
    try {
      this.#put(JSON.parse(all.slice(at, at + length)))
    } catch {
      this.done = true
    }
    return at + Math.max(length, 1)
  }

  #inString(all: string, from: number): number | undefined {
    const open = this.#string as { text: string; isKey: boolean }
    const at = from + run(plain, all, from)
    open.text += all.slice(from, at)
    const close = all[at] === '"'
    let next = at
    if (all[at] === '\\') {
      const code = all[at + 1]
      const length = code === 'u' ? 6 : 2
      if (code === undefined || at + length > all.length) {
        // What stands before it is known all the same.
        this.#show(open)
        this.#rest = all.slice(at)
        return all.length
      }
      open.text +=
        code === 'u'
          ? String.fromCharCode(Number.parseInt(all.slice(at + 2, at + 6), 16))
          : (escapes[code] ?? code)
      next = at + length
    }
    if (close || next === all.length) this.#show(open)
    if (!close) return next
    const frame = this.#stack.at(-1) as Frame
    if (open.isKey) frame.key = open.text
    else this.#filled(frame)
    this.#string = undefined
    return at + 1
  }

  #show({ text, isKey }: { text: string; isKey: boolean }): void {
    if (!isKey) this.#set(this.#stack.at(-1) as Frame, text)
  }

  /** A value begins: it gets its place. */
  #put(value: unknown, opens = false): void {
    const frame = this.#stack.at(-1)
    if (frame === undefined) this.value = value
    else {
      if (Array.isArray(frame.value)) frame.value.push(value)
      else this.#set(frame, value)
      if (typeof value !== 'string') this.#filled(frame)
    }
    if (opens) this.#stack.push({ value: value as Frame['value'] })
  }

  #set(frame: Frame, value: unknown): void {
    if (Array.isArray(frame.value)) frame.value[frame.value.length - 1] = value
    // A plain assignment to `__proto__` would not make a property.
    else if (frame.key !== undefined)
      Object.defineProperty(frame.value, frame.key, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      })
  }

  #filled(frame: Frame): void {
    delete frame.key
  }
}

function run(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
