// Presets: settings under a name, saved in this browser, shared as a link or a file.
import { effect, signal } from '@preact/signals'
import { type Parameters, unset } from './settings.js'

/** Settings that differ from the defaults, by name of the preset. */
export type Preset = Partial<Parameters>

const place = 'patchbay.presets'
export const presets = signal<Record<string, Preset>>(read(localStorage.getItem(place)))
effect(() => localStorage.setItem(place, JSON.stringify(presets.value)))

function read(text: string | null): Record<string, Preset> {
  try {
    const stored: unknown = JSON.parse(text ?? '{}')
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, Preset>) : {}
  } catch {
    return {}
  }
}

/** Only what a preset may hold, as text: it comes from links and files of others. */
export function toPreset(given: unknown): Preset {
  if (typeof given !== 'object' || given === null) return {}
  const known = Object.entries(given).filter(([name, value]) => name in unset && typeof value === 'string')
  return Object.fromEntries(known)
}

export function presetOf(parameters: Parameters): Preset {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''))
}

const marker = '#preset='

/** The address of this page with the settings in it, after the `#`, which no server sees. */
export function linkOf(preset: Preset): string {
  const bytes = new TextEncoder().encode(JSON.stringify(preset))
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return `${location.origin}/${marker}${btoa(binary)}`
}

/** The settings in an address; nothing if there are none that can be read. */
export function presetInLink(hash: string): Preset | undefined {
  if (!hash.startsWith(marker)) return undefined
  try {
    const bytes = Uint8Array.from(atob(hash.slice(marker.length)), (letter) => letter.charCodeAt(0))
    return toPreset(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return undefined
  }
}
