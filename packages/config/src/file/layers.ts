// Providers from several files: the stronger file's options over the weaker one's, and where each of them stands.

import type { ProviderEntry } from '../types.js'
import { wrong } from './config-error.js'
import { interpolated, interpolatedIfSet } from './interpolate.js'

/** A layer of a configuration. */
export interface Place {
  /** The folder its relative paths are meant from. */
  folder: string
  /** For messages: the file, or what stands for it. */
  file: string
}

/** A provider as configured, and where that stands. */
export interface Entry extends Place {
  entry: ProviderEntry
  /** Options that come from a weaker layer, and which. */
  inherited?: Readonly<Record<string, Place>>
}

/** Where an option of an entry stands. */
export function placeOf({ inherited, folder, file }: Entry, option: string): Place {
  return (inherited && Object.hasOwn(inherited, option) && inherited[option]) || { folder, file }
}

/** The stronger entry, with what it leaves unsaid from the weaker, where both use the same. */
export function merged(name: string, strong: Entry | undefined, weak: Entry): Entry {
  if (strong === undefined) return weak
  const { entry } = strong
  if (typeof entry === 'string' || typeof weak.entry === 'string') return strong
  if (entry.use !== weak.entry.use && entry.use !== undefined) return strong
  const added = Object.keys(weak.entry).filter((option) => !Object.hasOwn(entry, option))
  checkCredentials(name, strong, weak, added)
  return {
    ...strong,
    entry: { ...weak.entry, ...entry } as ProviderEntry,
    inherited: {
      ...Object.fromEntries(added.map((option) => [option, placeOf(weak, option)])),
      ...strong.inherited,
    },
  }
}

const isAddress = (option: string) => /url|host|endpoint|preset/i.test(option)
const isCredential = (option: string) => /key|token|secret|password|headers|auth/i.test(option)

/**
 * A key goes to the server it was written for: one file's keys are not sent to an address that another file names.
 * @throws {LlmError} `config` where they would be
 */
function checkCredentials(name: string, strong: Entry, weak: Entry, added: string[]): void {
  const ours = strong.entry as Record<string, unknown>
  const theirs = weak.entry as Record<string, unknown>
  const address = Object.keys(ours).find(
    (option) =>
      isAddress(option) &&
      ours[option] !== theirs[option] &&
      added.some((one) => isCredential(one) && placeOf(weak, one).file !== placeOf(strong, option).file),
  )
  const credential = added.find(isCredential)
  if (address === undefined || credential === undefined) return
  const from = placeOf(weak, credential).file
  throw wrong(
    `${placeOf(strong, address).file}: providers.${name}.${address} names a server, and ${from} has ${credential} for another one: they would be sent there. If that is meant, write the same ${address} beside ${credential} in ${from}. If not, write ${credential} beside ${address}, or use another name than ${name}.`,
  )
}

/** Spares are made when they are needed; that one cannot be is known now. */
export function unusableSpares(providers: ReadonlyMap<string, Entry>): string[] {
  const spares = new Set(
    [...providers.values()].flatMap(({ entry }) =>
      typeof entry === 'object'
        ? [
            ('fallback' in entry && entry.fallback) || [],
            ('providers' in entry && entry.providers) || [],
          ].flatMap((names) => interpolatedIfSet<unknown>(names, '', { type: 'array' }) ?? [])
        : [],
    ),
  )
  return [...providers].flatMap(([name, found]) => {
    if (!spares.has(name)) return []
    try {
      interpolated(found.entry, `${found.file}: providers.${name}`)
      return []
    } catch (error) {
      return [`${(error as Error).message} Nobody can fall back to ${name} until it is.`]
    }
  })
}
