// Rights of keys and teams, as operations check and change them.
import { nearest } from '@patchbay/config'
import type { LlmError } from '@patchbay/core'
import { requestError } from '../answer/http-status.js'
import type { Rights } from '../database/runtime-keys.js'

/** @throws {LlmError} `invalid-request` for a provider that is not configured */
export function checkProviders(asked: readonly string[] | null | undefined, known: readonly string[]): void {
  const unknown = asked?.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw requestError(
    `providers: there is no provider ${JSON.stringify(unknown)}.${nearest(unknown, [...known]) || ` There are ${known.join(', ')}.`}`,
  )
}

/** The rights after a change: null takes one away, and what is not named stays. */
export function changedRightsOf(
  before: Rights,
  change: { [Name in keyof Rights]?: Rights[Name] | null },
): Rights {
  const all = Object.entries({ ...before, ...change })
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined))
}

/** The error for a key or a team that does not exist. */
export function notFound(kind: 'key' | 'team', name: string): LlmError {
  return requestError(`There is no ${kind} ${JSON.stringify(name)}.`, 404)
}
