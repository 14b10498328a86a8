// Grammar of a text up to a mark: any characters that do not contain it.
import { literal } from './text-grammar.js'

/**
 * Adds rules for a text without this mark, and returns the name of the first. One rule for each number of characters of the
 * mark that the text so far ends with (Knuth, Morris and Pratt's automaton).
 */
export function textUntil(mark: string, name: string, addRule: (name: string, body: string) => void): string {
  const characters = [...mark]
  const letters = [...new Set(characters)]
  const state = (matched: number) => `${name}-${matched}`
  for (let matched = 0; matched < characters.length; matched++) {
    const next = letters.flatMap((letter) => {
      const to = longestMatch(characters, [...characters.slice(0, matched), letter])
      return to === characters.length ? [] : [`${literal(letter)} ${state(to)}`]
    })
    const others = `[^${letters.map(inClass).join('')}] ${state(0)}`
    addRule(state(matched), ['""', ...next, others].join(' | '))
  }
  return state(0)
}

/** How many characters of the mark a text ends with. */
function longestMatch(mark: string[], text: string[]): number {
  for (let length = Math.min(mark.length, text.length); length > 0; length--)
    if (mark.slice(0, length).every((character, index) => character === text[text.length - length + index]))
      return length
  return 0
}

/** A character inside of brackets. */
function inClass(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 32 || /[\]\\^-]/.test(character)) return `\\x${code.toString(16).padStart(2, '0')}`
  return character
}
