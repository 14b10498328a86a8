// Azure OpenAI as a host: its addresses, and access tokens of Microsoft Entra ID in place of a key.
// Sources: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle (the v1 API needs no version), November 2026; AzureOpenAI of
// openai 6.49.0 (classic addresses, which paths have a deployment, headers).
import { LlmError } from '@patchbay/core'
import { environment, isNamedBy } from '@patchbay/core/wire'

/** The options that say what is asked of Azure, and how. */
export interface AzureOptions {
  host?: string | undefined
  resource?: string | undefined
  baseURL?: string | undefined
  apiVersion?: string | undefined
  apiKey?: string | undefined
  preset?: unknown
  tokenProvider?: (() => Promise<string>) | undefined
}

/** A server on Azure. */
export interface AzureServer {
  /** Whether `AZURE_OPENAI_ENDPOINT` is this address. */
  isNamed: boolean
  /** The deployment, which classic addresses contain. */
  deployment: string | undefined
  tokenProvider: (() => Promise<string>) | undefined
}

/** The options that are Azure's alone. */
export const azureOptions = ['resource', 'apiVersion', 'tokenProvider'] as const

const endpointVariable = 'AZURE_OPENAI_ENDPOINT'

/** The paths whose model is a deployment in the address, at classic addresses. */
const ofDeployments =
  /^\/(chat\/completions|embeddings|audio\/(transcriptions|speech)|images\/(generations|edits))$/

/**
 * The address of a resource, and whether the environment names it.
 * @throws {LlmError} `config` for options that do not go together
 */
export function azureAddress(options: AzureOptions): { baseURL: string; isNamed: boolean } {
  const { host, resource, baseURL, apiVersion, apiKey, preset, tokenProvider } = options
  const refuse = (message: string) => new LlmError('config', message, { provider: 'openai' })
  if (host !== 'azure') {
    const name = azureOptions.find((option) => options[option] !== undefined)
    throw refuse(
      host === undefined
        ? `${name} is an option of Azure. Pass host: 'azure' too.`
        : `host can be 'azure'. Pass the address of any other server as baseURL.`,
    )
  }
  if (typeof preset === 'string' && preset !== 'azure')
    throw refuse(`host: 'azure' has the preset azure, not ${preset}. Leave one of them out.`)
  if (apiKey !== undefined && tokenProvider !== undefined)
    throw refuse('Pass apiKey or tokenProvider to Azure, not both.')
  if (tokenProvider !== undefined && typeof tokenProvider !== 'function')
    throw refuse(
      'tokenProvider must be a function that gives a token: getBearerTokenProvider(credential, scope).',
    )
  if (resource !== undefined && baseURL !== undefined)
    throw refuse('Pass resource or baseURL to Azure, not both.')
  if (resource !== undefined && !/^[a-z\d-]+$/i.test(resource))
    throw refuse(
      'resource must be the name of an Azure resource alone: letters, digits and hyphens. Pass an address as baseURL.',
    )
  const endpoint =
    baseURL ?? (resource ? `https://${resource}.openai.azure.com` : environment(endpointVariable))
  if (endpoint === undefined)
    throw refuse(`No address for Azure. Pass resource or baseURL, or set ${endpointVariable}.`)
  const isNamed = isNamedBy(endpointVariable, endpoint)
  // What is no address is refused where all are.
  if (!URL.canParse(endpoint)) return { baseURL: endpoint, isNamed }
  const url = new URL(endpoint)
  // The portal shows the address of a resource without a path.
  if (url.pathname === '/') url.pathname = apiVersion === undefined ? '/openai/v1' : '/openai'
  if (apiVersion !== undefined) url.searchParams.set('api-version', apiVersion)
  return { baseURL: url.href, isNamed }
}

/** The path of a request at a classic address: the deployment stands before it, unless the address has one. */
export function classicPath(baseURL: string, deployment: string, path: string): string {
  return ofDeployments.test(path) && !baseURL.includes('/deployments')
    ? `/deployments/${encodeURIComponent(deployment)}${path}`
    : path
}
