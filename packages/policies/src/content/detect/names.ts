// Names of people in English text, by the grammar of `compromise`, which apps install that want it.
import { LlmError } from '@patchbay/core'
import type { Finder } from './scan.js'

interface Phrase {
  text: string
  offset: { start: number; length: number }
}

// It reads whole texts; so long a piece at a time keeps what it holds bounded.
const pieceLength = 20_000

/** @throws {LlmError} `config` where `compromise` is not installed */
export async function namesFinder(): Promise<Finder> {
  const { default: nlp } = await import('compromise').catch((cause: unknown) => {
    throw new LlmError(
      'config',
      "mask: find: 'name' needs the package compromise, which cannot be loaded. Run: npm install compromise",
      { cause },
    )
  })
  const inPiece = (text: string, from: number) =>
    (nlp(text).people().json({ offset: true }) as Phrase[]).flatMap(({ offset }): [number, number][] => {
      const found = text.slice(offset.start, offset.start + offset.length)
      const [letters = ''] = /\p{L}(?:.*\p{L})?/su.exec(found) ?? []
      const name = letters.replace(/['’]s$/, '')
      const at = from + offset.start + found.indexOf(name)
      // Written small it is a word.
      return /\p{Lu}/u.test(name) ? [[at, at + name.length]] : []
    })
  return (text) => {
    const ranges: [number, number][] = []
    for (let from = 0; from < text.length; ) {
      const end = from + pieceLength < text.length ? text.lastIndexOf(' ', from + pieceLength) : text.length
      const to = end > from ? end : Math.min(from + pieceLength, text.length)
      ranges.push(...inPiece(text.slice(from, to), from))
      from = to
    }
    return ranges
  }
}
