// `connect`: from a name to a provider.
import { LlmError, type Provider } from '@patchbay/core'
import { DelegatingProvider } from '@patchbay/policies'
import { parseTarget } from './file/check.js'
import { configError } from './file/config-error.js'
import { type Loaded, type LoadOptions, loadConfig } from './file/load.js'
import { ProviderBuilder } from './provider/provider-factory.js'
import { Shared } from './provider/shared-state.js'
import type {
  ClaudeEntry,
  GeminiEntry,
  LocalEntry,
  OllamaEntry,
  OpenAIEntry,
  ProviderEntry,
  QueueEntry,
  Requirement,
} from './types.js'

/**
 * Connects to a provider: by its configured name, or by `claude:claude-opus-5`, which needs no configuration. Without a
 * name: `PATCHBAY_PROVIDER`, otherwise the configuration's default.
 * @example const llm = await connect('ollama:qwen3:0.6b')
 * @throws {LlmError} `config` for what is missing or wrong, with the place and the fix; `unsupported` for a model that
 *   cannot do what the app requires
 */
export async function connect(target?: string, options: LoadOptions = {}): Promise<Provider> {
  const loaded = await loadConfig(options)
  for (const warning of loaded.warnings) process.emitWarning(warning, { type: 'PatchbayWarning' })
  return connectTo(loaded, target, options)
}

/** The options of `provider`: those of its backend that a configuration may have, policies and fallbacks included. */
export type TargetOptions =
  | Omit<ClaudeEntry, 'use' | 'model'>
  | Omit<GeminiEntry, 'use' | 'model'>
  | Omit<OpenAIEntry, 'use' | 'model'>
  | Omit<OllamaEntry, 'use' | 'model'>
  | Omit<LocalEntry, 'use' | 'model'>
  | Omit<QueueEntry, 'use' | 'model'>

/**
 * A provider by its backend and model, with options in code; reads no configuration file. Only the backend that is named is loaded.
 * @example const llm = await provider('claude:claude-opus-5', { timeout: 60_000 })
 * @throws {LlmError} `config` for what is missing or wrong, with the fix
 */
export async function provider(target: string, options: TargetOptions = {}): Promise<Provider> {
  const entry = { ...parseTarget(target), ...options } as ProviderEntry
  return connect('target', { config: { providers: { target: entry } }, user: false })
}

/** Options of `connectTo`. */
export interface ConnectOptions extends Pick<LoadOptions, 'cwd'> {
  /** Sends the requests of remote providers. Default: the platform's `fetch`. */
  fetch?: typeof fetch | undefined
}

/** The provider of a name in a loaded configuration; like `connect`, without reading files. */
export async function connectTo(
  loaded: Loaded,
  target = defaultOf(loaded),
  { cwd = process.cwd(), fetch }: ConnectOptions = {},
): Promise<Provider> {
  const chosen = target ?? throwNoDefault(loaded)
  const shared = new Shared(loaded)
  const made = await new ProviderBuilder(loaded, cwd, shared, fetch).make(chosen)
  // Only policies and composites use shared state. A backend alone keeps members of its own, such as `stats` of a local model.
  const provider = made instanceof DelegatingProvider ? new ConnectedProvider(made, shared) : made
  try {
    await checkRequired(provider, [...loaded.requires, ...requiresOf(loaded, chosen)])
    return provider
  } catch (error) {
    await provider.close()
    throw error
  }
}

/** A provider that closes the shared state with itself. */
class ConnectedProvider extends DelegatingProvider {
  readonly #shared: Shared
  #closing: Promise<void> | undefined

  constructor(inner: Provider, shared: Shared) {
    super(inner)
    this.#shared = shared
  }

  override close(): Promise<void> {
    this.#closing ??= super.close().finally(() => this.#shared.close())
    return this.#closing
  }
}

/** The name of the default provider: `PATCHBAY_PROVIDER`, otherwise the configuration's default, otherwise its only one. */
export function defaultOf(loaded: Pick<Loaded, 'default' | 'providers'>): string | undefined {
  const [first, ...others] = loaded.providers.keys()
  return process.env.PATCHBAY_PROVIDER || loaded.default || (others.length === 0 ? first : undefined)
}

function throwNoDefault({ providers, files }: Loaded): never {
  const [first, ...others] = providers.keys()
  throw configError(
    first === undefined
      ? `No provider is configured: there is no patchbay.config file${files.length > 0 ? ' with providers' : ''}. Run: patchbay init, or name a provider, for example claude:claude-opus-5.`
      : `Several providers are configured (${[first, ...others].join(', ')}), but no default. Set default in ${files[0]}, or PATCHBAY_PROVIDER.`,
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
