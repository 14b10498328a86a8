// Claude on Google Vertex AI, by the official client's sibling: it rewrites a request of the Messages API to Vertex AI's form and adds
// Google's credentials. Loaded with the first such call.
import type { AnthropicVertex } from '@anthropic-ai/vertex-sdk'
import { LlmError } from '@patchbay/core'
import { noToken, unlessAborted, unlessInBrowser } from '@patchbay/core/wire'

/** Where the models are, and who asks. */
export interface VertexTarget {
  baseURL: string
  region: string
  project: string | undefined
  allowBrowser: boolean
}

/** A request of the Messages API, before it is rewritten. */
export interface CanonicalRequest {
  method: 'get' | 'post'
  path: string
  body?: object | undefined
}

type AuthClient = NonNullable<NonNullable<ConstructorParameters<typeof AnthropicVertex>[0]>['authClient']>

/** For calls with credentials of their own, and for servers that may not get Google's: nobody is asked for a token. */
const nobody = { getRequestHeaders: async () => new Headers() } as AuthClient

type Sdk = typeof import('@anthropic-ai/vertex-sdk')

// In pieces, so that no bundler looks for a package that is optional and needs Node.
const sdkName = ['@anthropic-ai', 'vertex-sdk'].join('/')

/** What rewrites requests for this target; rejects if the vendor's package cannot be imported. */
export async function vertexRewriter(target: VertexTarget): Promise<VertexRewriter> {
  const sdk = (await import(/* @vite-ignore */ /* webpackIgnore: true */ sdkName)) as Sdk
  return new VertexRewriter(target, clientOver(sdk.AnthropicVertex))
}

/** The official client, which rewrites requests for those that extend it. */
interface Client {
  rewrite(request: CanonicalRequest): Promise<{ url: string; init: RequestInit }>
}
type ClientClass = new (options: ConstructorParameters<Sdk['AnthropicVertex']>[0]) => Client

function clientOver(Base: Sdk['AnthropicVertex']): ClientClass {
  return class extends Base {
    async rewrite({ method, path, body }: CanonicalRequest) {
      const { url, req } = await this.buildRequest({ method, path, ...(body && { body }) })
      const rewritten: { url: string; init: RequestInit }[] = []
      const keep = async ({ url, ...init }: { url: string } & RequestInit) => {
        rewritten.push({ url, init })
        return new Response()
      }
      for (const middleware of this.backendMiddleware())
        await middleware({ ...req, url }, keep, {
          options: { method, path },
          logger: { error() {}, warn() {}, info() {}, debug() {} },
          parse: () => Promise.reject(new Error('nothing was sent')),
        })
      const [request] = rewritten
      if (request === undefined) throw new Error('the client rewrote nothing')
      return request
    }
  }
}

/** Rewrites requests of the Messages API for Vertex AI. */
export class VertexRewriter {
  readonly #target: VertexTarget
  readonly #Client: ClientClass
  readonly #clients = new Map<boolean, Client>()

  constructor(target: VertexTarget, Client: ClientClass) {
    this.#target = target
    this.#Client = Client
  }

  /**
   * The request in Vertex AI's form; with a token of Google's that is valid now, if that is wanted.
   * @throws {LlmError} `authentication` without credentials, `network` if Google cannot be reached, `config` without a project
   */
  async rewrite(request: CanonicalRequest, usesGoogle: boolean, signal: AbortSignal) {
    const client = this.#client(usesGoogle)
    try {
      return await unlessAborted(signal, () => client.rewrite(request))
    } catch (error) {
      if (signal.aborted) throw error
      // It would go on failing, also with credentials that are there now.
      this.#clients.delete(usesGoogle)
      throw toError(error)
    }
  }

  #client(usesGoogle: boolean): Client {
    const { baseURL, region, project, allowBrowser } = this.#target
    const options = {
      ...{ baseURL, region, projectId: project ?? null },
      logLevel: 'off',
      ...{ dangerouslyAllowBrowser: allowBrowser, ...(!usesGoogle && { authClient: nobody }) },
    } as const
    const client = this.#clients.get(usesGoogle) ?? unlessInBrowser('claude', () => new this.#Client(options))
    this.#clients.set(usesGoogle, client)
    return client
  }
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
