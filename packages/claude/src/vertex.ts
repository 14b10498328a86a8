// Claude on Google Vertex AI, by the official client's sibling: it rewrites a request of the Messages API to Vertex AI's form and adds
// Google's credentials. Loaded with the first such call.
import type { AnthropicVertex } from '@anthropic-ai/vertex-sdk'
import { LlmError } from '@patchbay/core'
import { noToken, unlessAborted, unlessInBrowser } from '@patchbay/core/wire'
import type { VertexCloud } from './hosts.js'
import { type CanonicalRequest, type Rewriter, type RewritingClient, rewritingClient } from './rewriter.js'

type AuthClient = NonNullable<NonNullable<ConstructorParameters<typeof AnthropicVertex>[0]>['authClient']>

/** For calls with credentials of their own, and for servers that may not get Google's: nobody is asked for a token. */
const nobody = { getRequestHeaders: async () => new Headers() } as AuthClient

type Sdk = typeof import('@anthropic-ai/vertex-sdk')

// In pieces, so that no bundler looks for a package that is optional and needs Node.
const sdkName = ['@anthropic-ai', 'vertex-sdk'].join('/')

/** What rewrites requests for this project and region; rejects if the vendor's package cannot be imported. */
export async function vertexRewriter(cloud: VertexCloud, baseURL: string, allowBrowser: boolean) {
  const sdk = (await import(/* @vite-ignore */ /* webpackIgnore: true */ sdkName)) as Sdk
  return new VertexRewriter(cloud, baseURL, allowBrowser, rewritingClient<ClientOptions>(sdk.AnthropicVertex))
}

type ClientOptions = ConstructorParameters<Sdk['AnthropicVertex']>[0]

class VertexRewriter implements Rewriter {
  readonly #clients = new Map<boolean, RewritingClient>()

  constructor(
    readonly cloud: VertexCloud,
    readonly baseURL: string,
    readonly allowBrowser: boolean,
    readonly Client: new (options: ClientOptions) => RewritingClient,
  ) {}

  /** @throws {LlmError} also `config` without a project */
  async rewrite(request: CanonicalRequest, usesCredentials: boolean, signal: AbortSignal) {
    const client = this.#client(usesCredentials)
    try {
      return await unlessAborted(signal, () => client.rewrite(inVersion(request)))
    } catch (error) {
      if (signal.aborted) throw error
      // It would go on failing, also with credentials that are there now.
      this.#clients.delete(usesCredentials)
      throw toError(error)
    }
  }

  #client(usesCredentials: boolean): RewritingClient {
    const options = {
      ...{ baseURL: this.baseURL, region: this.cloud.region, projectId: this.cloud.project ?? null },
      logLevel: 'off',
      ...{ dangerouslyAllowBrowser: this.allowBrowser, ...(!usesCredentials && { authClient: nobody }) },
    } as const
    const client =
      this.#clients.get(usesCredentials) ?? unlessInBrowser('claude', () => new this.Client(options))
    this.#clients.set(usesCredentials, client)
    return client
  }
}

/** The older version of the API has a name of its own there: platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai. */
function inVersion(request: CanonicalRequest): CanonicalRequest {
  if (request.headers['anthropic-version'] !== '2023-06-01') return request
  return { ...request, body: { ...request.body, anthropic_version: 'vertex-2023-10-16' } }
}

function toError(error: unknown): unknown {
  const { message = '', cause } = error as { message?: string; cause?: unknown }
  if (/projectId/.test(message))
    return new LlmError(
      'config',
      'No project for Vertex AI. Pass project, or set ANTHROPIC_VERTEX_PROJECT_ID.',
      { cause: error },
    )
  if (!/Google OAuth/.test(message)) return error
  return noToken(
    cause,
    'Google',
    'Google gives no token for Vertex AI. Run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.',
  )
}
