// The options of `openai()`, and the address that they name.
import type { FieldsOf, ProviderOptions } from '@patchbay/core'
import { environment, isNamedBy } from '@patchbay/core/wire'
import type OpenAI from 'openai'
import { azureAddress, azureOptions } from './azure.js'
import type { Preset, PresetName } from './presets.js'

declare global {
  interface PatchbayProviderOptions {
    /** Fields of the Responses API or of Chat Completions, whichever the provider uses. */
    readonly openai?:
      | FieldsOf<OpenAI.ChatCompletionCreateParams & OpenAI.Responses.ResponseCreateParams>
      | undefined
  }
}

/** Options of `openai`. */
export interface OpenAIOptions extends ProviderOptions {
  /** The model's name, as the server knows it: `gpt-5.6-sol`. Editors offer those that the official client knows. */
  model?: ModelName | undefined
  /**
   * Default: the environment variable of the preset, which is `OPENAI_API_KEY` for most. A key of the environment is sent only
   * to the hosts of its service, and only over https; `OPENAI_API_KEY` is also sent to the address in `OPENAI_BASE_URL`, unless
   * the preset's own variable is set. Any other server, also on this machine, gets a key only from this option; most need none.
   */
  apiKey?: string | undefined
  /**
   * The server's address. Default: `OPENAI_BASE_URL`, else `https://api.openai.com/v1`. With `host: 'azure'`: that of `resource`,
   * else `AZURE_OPENAI_ENDPOINT`.
   */
  baseURL?: string | undefined
  /**
   * Azure OpenAI, in place of OpenAI's own service: the model is then the name of your deployment, and the key that of
   * `AZURE_OPENAI_API_KEY`.
   */
  host?: 'azure' | undefined
  /** Of Azure: the name of your resource, for `https://NAME.openai.azure.com`. Default: `baseURL`, else `AZURE_OPENAI_ENDPOINT`. */
  resource?: string | undefined
  /** Of Azure: a dated version of its API, for its classic addresses with a deployment. Default: the v1 API, which needs none. */
  apiVersion?: string | undefined
  /**
   * Of Azure: gives an access token of Microsoft Entra ID, in place of a key. It is asked before every request, and keeps and refreshes
   * the token itself, as `getBearerTokenProvider()` of `@azure/identity` does.
   */
  tokenProvider?: (() => Promise<string>) | undefined
  /** Sends the requests. Default: the platform's `fetch`. */
  fetch?: typeof fetch | undefined
  /** Which of OpenAI's APIs. Default: `'responses'` for OpenAI's own host and with `resume`, `'chat'` for every other. */
  api?: 'responses' | 'chat' | undefined
  /**
   * Streams go on after a lost connection, with every event once: the service makes the answer in the background (Responses API), and
   * keeps it until it has ended, when it is deleted. For OpenAI and for Patchbay's gateway. Default false: a lost connection is an error
   * with what had come. A request with `providerOptions.openai.store: false` is then an `invalid-request` error.
   */
  resume?: boolean | undefined
  /** The server's dialect: a known name, or the differences. Default: by its host; `'compatible'` for an unknown host. */
  preset?: PresetName | Partial<Preset> | undefined
  /**
   * Allows calls from a web page, where everybody can read the key: only for a key of the visitor's own, or a server that needs none.
   * Default false: such a call is a `config` error.
   */
  allowBrowser?: boolean | undefined
}

/** A model's name; editors offer those that the official client knows. */
export type ModelName = OpenAI.ResponsesModel | OpenAI.EmbeddingModel | (string & {})

/** For `factoryOptions`. */
export const names = {
  ...{ factory: 'openai', example: 'gpt-5.6-sol' },
  own: {
    apiKey: true,
    baseURL: true,
    fetch: true,
    api: true,
    resume: true,
    preset: true,
    allowBrowser: true,
    host: true,
    resource: true,
    apiVersion: true,
    tokenProvider: true,
  },
} as const

const ownHost = 'https://api.openai.com/v1'
const addressVariable = 'OPENAI_BASE_URL'

/** The server's address, and whether an environment variable names it. */
export function addressOf(options: OpenAIOptions): { baseURL: string; isNamed: boolean } {
  const { host, baseURL = environment(addressVariable) ?? ownHost } = options
  if (host !== undefined || azureOptions.some((name) => options[name] !== undefined))
    return azureAddress(options)
  return { baseURL, isNamed: isNamedBy(addressVariable, baseURL) }
}
