// Checks the options of server tools: what a tool may do must not depend on a name that was misspelled.
import { LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { checkOptionNames } from './option-names.js'

/** What an option must be, as a sentence that goes on after its name, and whether a value is that. */
export interface OptionCheck {
  readonly must: string
  readonly test: (value: unknown) => boolean
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''

/** Checks for options of server tools. */
export const optionIs = {
  text: { must: 'must be a string that is not empty', test: isText },
  texts: {
    must: 'must be a list of strings',
    test: (value) => Array.isArray(value) && value.every(isText),
  },
  /** A list that means "only these": services take an empty one for "all". */
  someTexts: {
    must: 'must be a list of at least one string',
    test: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  },
  count: {
    must: 'must be a whole number above 0',
    test: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  },
  /** A score, from 0 to 1. */
  share: {
    must: 'must be a number from 0 to 1',
    test: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  flag: { must: 'must be true or false', test: (value) => typeof value === 'boolean' },
  date: {
    must: 'must be a valid Date',
    test: (value) => value instanceof Date && Number.isFinite(value.getTime()),
  },
  object: { must: 'must be an object', test: isObject },
  /** The place of a user, with these names only. */
  place: {
    must: 'must be an object that has only city, region, country and timezone, each a string',
    test: (value) =>
      isObject(value) &&
      Object.entries(value).every(
        ([name, text]) => text === undefined || (places.has(name) && typeof text === 'string'),
      ),
  },
  /** The service checks it, or core with the request. */
  anything: { must: '', test: () => true },
} as const satisfies Record<string, OptionCheck>

const places = new Set(['city', 'region', 'country', 'timezone'])

/** A check for each option of a tool. */
export type OptionChecks<Options> = { readonly [Name in keyof Options]-?: OptionCheck }

/**
 * Checks names and values of the options of a server tool.
 * @param who the function, for the error: `claude.tools.webSearch`
 * @param required names that must be there
 * @throws {LlmError} `config` for the first wrong one
 */
export function checkToolOptions<Options extends object>(
  options: Options,
  who: string,
  checks: OptionChecks<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  if (!isObject(options)) throw wrong(`${who}() takes an object of options, not ${describe(options)}.`)
  checkOptionNames(options, Object.keys(checks), `of ${who}()`, { code: 'config' })
  for (const name of required)
    if (options[name] === undefined) throw wrong(`${who}() needs ${name}: it ${checks[name].must}.`)
  for (const [name, { must, test }] of Object.entries<OptionCheck>(checks)) {
    const value = (options as Record<string, unknown>)[name]
    if (value !== undefined && !test(value)) throw wrong(`${name} of ${who}() ${must}.`)
  }
}

/**
 * Checks that not both of two options are given.
 * @throws {LlmError} `config`
 */
export function notBoth<Options extends object>(
  options: Options,
  who: string,
  one: keyof Options & string,
  other: keyof Options & string,
): void {
  if (options[one] !== undefined && options[other] !== undefined)
    throw wrong(`${who}() takes ${one} or ${other}, not both.`)
}

function wrong(message: string): LlmError {
  return new LlmError('config', message)
}
