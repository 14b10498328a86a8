// Checks the names of options: an unknown or misspelled one is refused, with the right name.

import { closest, distance } from 'fastest-levenshtein'
import { LlmError } from '../contract/errors.js'

/** The names of all options of a type. The compiler checks that none is missing. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true }

/** Options that belong to another object. */
export interface Elsewhere {
  names: readonly string[]
  /** Where they belong, as a sentence. */
  place: string
}

/** Names in other SDKs and in the wire formats of services, in lower case and without `_` and `-`. */
const otherNames: Record<string, string> = {
  maxtokens: 'maxOutputTokens',
  maxcompletiontokens: 'maxOutputTokens',
  maxnewtokens: 'maxOutputTokens',
  numpredict: 'maxOutputTokens',
  stopsequences: 'stop',
  prompt: 'messages',
  instructions: 'system',
  systemprompt: 'system',
  responseformat: 'output',
  format: 'output',
  schema: 'output',
  thinking: 'reasoning',
  reasoningeffort: 'reasoning',
  abortsignal: 'signal',
  maxretries: 'retry',
  numretries: 'retry',
  providermetadata: 'providerOptions',
  extrabody: 'providerOptions',
  extraheaders: 'headers',
  texts: 'input',
  value: 'input',
  values: 'input',
  topn: 'topK',
  toplogprobs: 'logprobs',
}

/** The longest name that is compared with others. */
const longest = 64

/** A name without its spelling: `max_tokens` and `maxTokens` are the same. */
export const inLetters = (name: string): string => name.replace(/[_-]/g, '').toLowerCase()

/**
 * The known name that is meant: the same in another spelling, that of another SDK, or one with a typing error.
 * @example meantName('max_tokens', ['maxOutputTokens'])
 */
export function meantName(name: string, known: readonly string[]): string | undefined {
  if (name.length > longest) return undefined
  const letters = inLetters(name)
  const other = otherNames[letters]
  if (other !== undefined && known.includes(other)) return other
  return known.find((one) => inLetters(one) === letters) ?? nearName(name, known)
}

/** Whether two words have the same letters, in any order. */
export function hasSameLetters(one: string, other: string): boolean {
  const sorted = (word: string) => [...word].sort().join('')
  return sorted(one) === sorted(other)
}

/** The most similar name, if few letters differ, or if only their order does. */
export function nearName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const near = closest(name, [...known])
  return distance(name, near) <= Math.min(3, name.length / 3)
    ? near
    : known.find((one) => hasSameLetters(one, name))
}

/**
 * Checks that the object has only known options; those that are `undefined` count as absent.
 * @param what the object, for the error: `of limit()`
 * @param code of the error: `config` for the options of a factory. Default `invalid-request`
 * @param elsewhere options that belong to another object, and where
 * @param hint a sentence for an option that is like no other. Default: all names
 * @throws {LlmError} for the first other one, with the right name or all names
 * @example checkOptionNames(options, ['size'], 'of cache()', { code: 'config' })
 */
export function checkOptionNames(
  options: object,
  known: readonly string[],
  what: string,
  {
    code = 'invalid-request',
    elsewhere = [],
    hint,
  }: { code?: 'invalid-request' | 'config'; elsewhere?: readonly Elsewhere[]; hint?: string } = {},
): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !known.includes(name))
      throw new LlmError(
        code,
        `${name.slice(0, longest)} is not an option ${what}. ${advice(name, known, elsewhere) ?? hint ?? `The options are ${known.join(', ')}.`}`,
      )
}

function advice(name: string, known: readonly string[], elsewhere: readonly Elsewhere[]): string | undefined {
  const other = elsewhere.find(({ names }) => names.includes(name))
  if (other !== undefined) return other.place
  const meant = meantName(name, known)
  if (meant !== undefined) return `Did you mean ${meant}?`
  for (const { names, place } of elsewhere) {
    const near = meantName(name, names)
    if (near !== undefined) return `Did you mean ${near}? ${place}`
  }
  return undefined
}
