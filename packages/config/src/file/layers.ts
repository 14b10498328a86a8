// Layers of a configuration: merges a provider's options from several files, and remembers the file of each.

import type { ProviderEntry } from '../types.js'
import { configError } from './config-error.js'
import { interpolated, interpolatedIfSet } from './interpolate.js'

/** The file or folder of a configuration's layer. */
export interface Place {
  /** The folder that its relative paths start from. */
  folder: string
  /** The file, or a description, for messages. */
  file: string
}

/** A configured provider and its file. */
export interface Entry extends Place {
  entry: ProviderEntry
  /** Options from lower layers, with their files. */
  inherited?: Readonly<Record<string, Place>> | undefined
}

/** The file of an option. */
export function placeOf({ inherited, folder, file }: Entry, option: string): Place {
  return (inherited && Object.hasOwn(inherited, option) && inherited[option]) || { folder, file }
}

/** The higher entry, plus options of the lower one that it does not set, if both use the same backend. */
export function mergeEntries(name: string, strong: Entry | undefined, weak: Entry): Entry {
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
 * Credentials of one file must not be sent to an address of another file.
 * @throws {LlmError} `config` if they would be
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
  throw configError(
    `${placeOf(strong, address).file}: providers.${name}.${address} names a server, and ${from} has ${credential} for another one: they would be sent there. If that is meant, write the same ${address} beside ${credential} in ${from}. If not, write ${credential} beside ${address}, or use another name than ${name}.`,
  )
}

/** Warnings for fallbacks that cannot be used because a variable is not set. */
export function unusableFallbacks(providers: ReadonlyMap<string, Entry>): string[] {
  const fallbacks = new Set(
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
    if (!fallbacks.has(name)) return []
    try {
      interpolated(found.entry, `${found.file}: providers.${name}`)
      return []
    } catch (error) {
      return [`${(error as Error).message} The fallback ${name} cannot be used until it is.`]
    }
  })
}
