// From a name to a provider: `connect`.
import { LlmError, type Provider } from '@patchbay/core'
import { wrong } from './file/config-error.js'
import { type Loaded, type LoadOptions, loadConfig } from './file/load.js'
import { Maker } from './provider/make.js'
import { Shared } from './provider/shared-state.js'
import type { Requirement } from './types.js'

/**
 * The provider of this name, or of `claude:claude-opus-5`, which needs no configuration; without a name, the one of
 * `PATCHBAY_PROVIDER`, else the configuration's default.
 * @throws {LlmError} `config` for what is missing or wrong, with the place and the fix; `unsupported` for a model that
 *   cannot do what the app requires
 */
export async function connect(target?: string, options: LoadOptions = {}): Promise<Provider> {
  const loaded = await loadConfig(options)
  for (const warning of loaded.warnings) process.emitWarning(warning, { type: 'PatchbayWarning' })
  return connectTo(loaded, target, options)
}

/** The same, for a configuration that is loaded. */
export async function connectTo(
  loaded: Loaded,
  target = defaultOf(loaded),
  { cwd = process.cwd() }: Pick<LoadOptions, 'cwd'> = {},
): Promise<Provider> {
  const chosen = target ?? throwUndecided(loaded)
  const shared = new Shared(loaded.shared)
  const provider = owned(await new Maker(loaded, cwd, shared).make(chosen), shared)
  try {
    await checkRequired(provider, [...loaded.requires, ...requiresOf(loaded, chosen)])
    return provider
  } catch (error) {
    await provider.close()
    throw error
  }
}

/** The provider, which takes with it what only it uses. */
function owned(provider: Provider, shared: Shared): Provider {
  const close = provider.close.bind(provider)
  let closing: Promise<void> | undefined
  const both = () => (closing ??= close().finally(() => shared.close()))
  return Object.assign(provider, { close: both, [Symbol.asyncDispose]: both })
}

/** The provider that answers when nobody is named: that of `PATCHBAY_PROVIDER`, the configuration's default, or its only one. */
export function defaultOf(loaded: Pick<Loaded, 'default' | 'providers'>): string | undefined {
  const [first, ...others] = loaded.providers.keys()
  return process.env.PATCHBAY_PROVIDER || loaded.default || (others.length === 0 ? first : undefined)
}

function throwUndecided({ providers, files }: Loaded): never {
  const [first, ...others] = providers.keys()
  throw wrong(
    first === undefined
      ? `Nobody says who should answer: there is no patchbay.config file${files.length > 0 ? ' with providers' : ''}. Run: patchbay init, or name a provider, for example claude:claude-opus-5.`
      : `Several providers are configured (${[first, ...others].join(', ')}), and none is the default. Set default in ${files[0]}, or PATCHBAY_PROVIDER.`,
  )
}

function requiresOf({ providers }: Loaded, name: string): Requirement[] {
  const entry = providers.get(name)?.entry
  return (typeof entry === 'object' && entry.requires) || []
}

async function checkRequired(provider: Provider, required: Requirement[]): Promise<void> {
  if (required.length === 0) return
  const capabilities = await provider.capabilities()
  const missing = [...new Set(required)].filter((name) => capabilities[name] === false)
  if (missing.length > 0)
    throw new LlmError(
      'unsupported',
      `This app requires ${missing.join(', ')}, which ${provider.model} (${provider.provider}) does not have. Configure another model.`,
      { provider: provider.provider, model: provider.model },
    )
}
