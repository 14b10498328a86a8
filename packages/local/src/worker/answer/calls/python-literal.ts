// Python literals, with JSON's words allowed: `{'k': True, "n": null}`.
import { NotACall, type Parser, Source } from './source.js'

const words: Record<string, unknown> = {
  True: true,
  False: false,
  None: null,
  true: true,
  false: false,
  null: null,
}
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '\n': '' }

/** Reads a literal. */
export function* pythonLiteral(source: Source): Parser<unknown> {
  yield* source.skipSpace()
  const next = yield* source.peek()
  if (next === '"' || next === "'") return yield* pythonText(source)
  if (next === '[' || next === '(') {
    yield* source.expect(next)
    source.enter()
    const items: unknown[] = []
    const close = next === '[' ? ']' : ')'
    for (;;) {
      yield* source.skipSpace()
      const mark = yield* source.take(close, ',')
      if (mark === close) {
        source.leave()
        return items
      }
      if (mark === undefined) items.push(yield* pythonLiteral(source))
    }
  }
  if (next === '{') {
    yield* source.expect('{')
    source.enter()
    const entries: [string, unknown][] = []
    for (;;) {
      yield* source.skipSpace()
      const mark = yield* source.take('}', ',')
      if (mark === '}') {
        source.leave()
        return Object.fromEntries(entries)
      }
      if (mark === ',') continue
      const key = String(yield* pythonLiteral(source))
      yield* source.skipSpace()
      yield* source.expect(':')
      entries.push([key, yield* pythonLiteral(source)])
    }
  }
  const word = yield* source.while(/[\w.+-]/)
  if (Object.hasOwn(words, word)) return words[word]
  if (word === '' || Number.isNaN(Number(word))) throw new NotACall('not a literal')
  return Number(word)
}

function* pythonText(source: Source): Parser<string> {
  const quote = yield* source.expect('"""', "'''", '"', "'")
  let text = ''
  for (;;) {
    const part = yield* source.until('\\', quote)
    text += part.text
    if (part.mark === quote) {
      // Templates write texts without escapes: a quote inside of a word does not end its text.
      if (quote.length > 1 || /^[\s,)\]}:]?$/.test(yield* source.peek())) return text
      text += quote
      continue
    }
    const code = yield* source.peek()
    yield* source.expect(code)
    if (code === 'u' || code === 'x') {
      let digits = ''
      for (let count = 0; count < (code === 'u' ? 4 : 2); count++) {
        const digit = yield* source.peek()
        yield* source.expect(digit)
        digits += digit
      }
      text += String.fromCharCode(Number.parseInt(digits, 16))
    } else text += escapes[code] ?? (/[\\'"]/.test(code) ? code : `\\${code}`)
  }
}

/** A whole text as a literal; `undefined` if it is none. */
export function parsePython(text: string): { value: unknown } | undefined {
  const source = new Source()
  source.push(text)
  source.ended = true
  try {
    const { value } = pythonLiteral(source).next()
    return source.rest.trim() === '' ? { value } : undefined
  } catch {
    return undefined
  }
}
