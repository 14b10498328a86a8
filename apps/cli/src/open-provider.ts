// Who answers: a model file, a provider by its name, the configuration's default, or the bundled model.

import { connectTo, type Loaded, loadConfig } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { local } from '@patchbay/local'
import { dim, printable } from './terminal/print.js'

/** The flags that say who answers. */
export interface WhoFlags {
  model?: string
  provider?: string
  config?: string
}

/** @throws {LlmError} `config`, with what to do */
export async function open({ model, provider, config }: WhoFlags): Promise<Provider> {
  if (model !== undefined) return local({ model })
  const loaded = await load(config)
  // The bundled model goes by its own name too.
  if (provider === 'pico' && !loaded.providers.has(provider)) return local()
  const named = provider ?? process.env.PATCHBAY_PROVIDER
  if (!named && config === undefined && loaded.providers.size === 0) return local()
  return connectTo(loaded, provider)
}

/** The configuration, its warnings told. */
export async function load(config?: string): Promise<Loaded> {
  const loaded = await loadConfig(config === undefined ? {} : { config })
  for (const warning of loaded.warnings) process.stderr.write(`${dim(`warning: ${printable(warning)}`)}\n`)
  return loaded
}

/** The providers that are meant: those named, or all that are configured. */
export function namesOf({ providers }: Loaded, names: string[]): string[] {
  if (names.length > 0) return names
  return providers.size > 0 ? [...providers.keys()] : ['local']
}
