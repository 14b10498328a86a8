// Opens the provider of the flags: a model file, a provider by name, the configuration's default, or the bundled model.

import { connectTo, type Loaded, loadConfig } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { local } from '@patchbay/local'
import { dim, printable } from './terminal/print.js'

/** The flags that choose the provider. */
export interface ProviderFlags {
  model?: string
  provider?: string
  config?: string
}

/**
 * The provider of the flags.
 * @throws {LlmError} `config`, with the fix
 */
export async function open({ model, provider, config }: ProviderFlags): Promise<Provider> {
  if (model !== undefined) return local({ model })
  const loaded = await load(config)
  // The bundled model has a name, too.
  if (provider === 'pico' && !loaded.providers.has(provider)) return local()
  const named = provider ?? process.env.PATCHBAY_PROVIDER
  if (!named && config === undefined && loaded.providers.size === 0) return local()
  return connectTo(loaded, provider)
}

/** Loads the configuration, and prints its warnings. */
export async function load(config?: string): Promise<Loaded> {
  const loaded = await loadConfig(config === undefined ? {} : { config })
  for (const warning of loaded.warnings) process.stderr.write(`${dim(`warning: ${printable(warning)}`)}\n`)
  return loaded
}

/** The given provider names, or all configured ones. */
export function namesOf({ providers }: Loaded, names: string[]): string[] {
  if (names.length > 0) return names
  return providers.size > 0 ? [...providers.keys()] : ['local']
}
