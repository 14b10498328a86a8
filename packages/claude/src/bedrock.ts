// Claude on Amazon Bedrock, by the official client's sibling: it rewrites a request of the Messages API to InvokeModel, signs it, and
// turns AWS's event stream back into server-sent events. Loaded with the first such call.
import type { ClientOptions as AllOptions } from '@anthropic-ai/bedrock-sdk'
import { isLlmError, LlmError } from '@patchbay/core'
import { excerpt, noToken, toBase64, unlessAborted, unlessInBrowser } from '@patchbay/core/wire'
import type { AwsCredentials, AwsIdentity, BedrockCloud } from './hosts.js'
import {
  type CanonicalRequest,
  type Rewriter,
  type RewritingClient,
  type RewrittenRequest,
  rewritingClient,
} from './rewriter.js'

type Sdk = typeof import('@anthropic-ai/bedrock-sdk')

// In pieces, so that no bundler looks for a package that is optional and needs Node.
const sdkName = ['@anthropic-ai', 'bedrock-sdk'].join('/')

/** What rewrites requests for this region; rejects if the vendor's package cannot be imported. */
export async function bedrockRewriter(
  cloud: BedrockCloud,
  baseURL: string,
  allowBrowser: boolean,
): Promise<Rewriter> {
  const sdk = (await import(/* @vite-ignore */ /* webpackIgnore: true */ sdkName)) as Sdk
  return new BedrockRewriter(
    cloud,
    baseURL,
    allowBrowser,
    rewritingClient<ClientOptions>(sdk.AnthropicBedrock),
  )
}

// Without the keys of AWS, which choose between several constructors.
type ClientOptions = Pick<
  AllOptions,
  | 'apiKey'
  | 'awsRegion'
  | 'baseURL'
  | 'dangerouslyAllowBrowser'
  | 'logLevel'
  | 'providerChainResolver'
  | 'skipAuth'
>

type ClientClass = new (options: ClientOptions) => RewritingClient

class BedrockRewriter implements Rewriter {
  readonly #clients = new Map<boolean, RewritingClient>()

  constructor(
    readonly cloud: BedrockCloud,
    readonly baseURL: string,
    readonly allowBrowser: boolean,
    readonly Client: ClientClass,
  ) {}

  async rewrite(request: CanonicalRequest, usesCredentials: boolean, signal: AbortSignal) {
    // With a key nothing is signed.
    const key = usesCredentials ? this.cloud.token : undefined
    const headers = { ...request.headers, ...(key && { authorization: `Bearer ${key}` }) }
    const client = this.#client(usesCredentials && key === undefined)
    try {
      const rewritten = await unlessAborted(signal, () => client.rewrite(toBedrock({ ...request, headers })))
      const sent = new Headers(rewritten.init.headers)
      // The platform's `fetch` writes the same one, and some refuse one of the caller's.
      sent.delete('host')
      return {
        ...rewritten,
        init: { ...rewritten.init, headers: sent },
        adapt: adapterOf(request, rewritten),
      }
    } catch (error) {
      throw signal.aborted ? error : toError(error)
    }
  }

  #client(isSigned: boolean): RewritingClient {
    const { region, credentials } = this.cloud
    const options: ClientOptions = {
      ...{ baseURL: this.baseURL, awsRegion: region, apiKey: null, skipAuth: !isSigned },
      ...{ logLevel: 'off', dangerouslyAllowBrowser: this.allowBrowser },
      ...(credentials && { providerChainResolver: async () => identityProvider(credentials) }),
    }
    const client = this.#clients.get(isSigned) ?? unlessInBrowser('claude', () => new this.Client(options))
    this.#clients.set(isSigned, client)
    return client
  }
}

/** An incomplete identity would make a signature that is only refused by the service. */
function identityProvider(credentials: AwsCredentials) {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await identityOf(credentials)
    if (!accessKeyId || !secretAccessKey)
      throw new LlmError('authentication', 'credentials gave no accessKeyId or no secretAccessKey.')
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  }
}

/** @throws {LlmError} with what the app's own function says */
async function identityOf(credentials: AwsCredentials): Promise<Partial<AwsIdentity>> {
  try {
    // Of an app without types, it may be anything.
    return ((await credentials()) as AwsIdentity | undefined) ?? {}
  } catch (cause) {
    if (isLlmError(cause)) throw cause
    const why = excerpt(cause instanceof Error ? cause.message : String(cause))
    throw noToken(cause, 'AWS', `credentials failed: ${why}`)
  }
}

/**
 * The version that InvokeModel takes for every model: docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api, November 2026.
 * 2026-10-21 is only there for Claude 4.7 and later: platform.claude.com/docs/en/api/versioning.
 */
const version = { anthropic_version: 'bedrock-2023-05-31' }

const countPath = '/v1/messages/count_tokens'

function toBedrock({ path, body, headers, ...rest }: CanonicalRequest): CanonicalRequest {
  const { 'anthropic-version': _, ...others } = headers
  if (path !== countPath) return { ...rest, path, body: { ...version, ...body }, headers: others }
  const { 'anthropic-beta': betas, ...own } = others
  const { model, ...counted } = { ...body }
  const invoked = {
    ...version,
    ...counted,
    max_tokens: 1,
    ...(betas && { anthropic_beta: betas.split(',').map((beta) => beta.trim()) }),
  }
  const bytes = new TextEncoder().encode(JSON.stringify(invoked))
  return {
    ...rest,
    path: `/model/${encodeURIComponent(baseModel(String(model)))}/count-tokens`,
    body: { input: { invokeModel: { body: toBase64(bytes) } } },
    headers: own,
  }
}

/**
 * The model without the prefix of a cross-region inference profile, with which CountTokens answers "The provided model doesn't support
 * counting tokens": pydantic/pydantic-ai#3367 (2025-11), Boise-State-Development/agentcore-public-stack#430 (2026-06).
 */
function baseModel(model: string): string {
  return model.replace(/^[a-z-]+\.(?=anthropic\.)/, '')
}

/** Answers of CountTokens in the form of the Messages API; docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens. */
function adapterOf({ path }: CanonicalRequest, { adapt }: RewrittenRequest): RewrittenRequest['adapt'] {
  if (path !== countPath) return adapt
  return async (response) => {
    const { inputTokens } = ((await response.json().catch(() => ({}))) ?? {}) as { inputTokens?: unknown }
    return Response.json({ input_tokens: inputTokens }, { headers: response.headers })
  }
}

function toError(error: unknown): unknown {
  const { message = '', cause } = error as { message?: string; cause?: unknown }
  if (/Failed to import/.test(message))
    return new LlmError('config', `Bedrock cannot be asked here: ${message}`, { cause: error })
  if (!/resolve AWS credentials/.test(message)) return error
  if (isLlmError(cause)) return cause
  return noToken(
    cause,
    'AWS',
    'There are no credentials of AWS for Amazon Bedrock. Run aws configure or aws sso login, set AWS_ACCESS_KEY_ID and ' +
      'AWS_SECRET_ACCESS_KEY, or pass a key of Amazon Bedrock as apiKey.',
  )
}
