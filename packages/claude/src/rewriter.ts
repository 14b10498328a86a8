// Requests of the Messages API in the form of a cloud. The official client's siblings have it as middleware around `fetch`: it runs up
// to the place where the client would send the request, and goes on with the response that was read instead.
import type { BaseAnthropic } from '@anthropic-ai/sdk/client'
import type { APIRequest } from '@anthropic-ai/sdk/core/api'
import type { Middleware, MiddlewareContext } from '@anthropic-ai/sdk/core/middleware'
import { withoutSecretHeaders } from '@patchbay/core/wire'

/** A request of the Messages API, before it is rewritten. */
export interface CanonicalRequest {
  method: 'get' | 'post'
  path: string
  body?: Readonly<Record<string, unknown>> | undefined
  /** The caller's own headers, names in lower case; clouds take the betas and the version from the body. */
  headers: Readonly<Record<string, string>>
  /** The query of the server's address: it is part of what is signed. */
  query: string
}

/** A request in the form of a cloud, ready to be sent. */
export interface RewrittenRequest {
  url: string
  init: RequestInit
  /** The response of the cloud in the form of the Messages API. */
  adapt(response: Response): Promise<Response>
}

/** Rewrites requests for one cloud. */
export interface Rewriter {
  /**
   * @param usesCredentials whether credentials of the environment are added to the request
   * @throws {LlmError} `authentication` without credentials, `network` if they cannot be fetched
   */
  rewrite(request: CanonicalRequest, usesCredentials: boolean, signal: AbortSignal): Promise<RewrittenRequest>
}

/** An official client that rewrites requests and sends none. */
export interface RewritingClient {
  rewrite(request: CanonicalRequest): Promise<RewrittenRequest>
}

/** A class of an official client for a cloud, extended: the middleware that rewrites is there for those that extend it. */
export function rewritingClient<Options>(
  Base: new (options: Options) => BaseAnthropic,
): new (
  options: Options,
) => RewritingClient {
  return class extends Base {
    rewrite(request: CanonicalRequest) {
      const buildRequest = this.buildRequest.bind(this)
      return rewriteBy({ buildRequest, middleware: this.backendMiddleware() }, request)
    }
  }
}

interface ClientParts {
  buildRequest(request: { method: 'get' | 'post'; path: string; body?: object }): Promise<{
    url: string
    req: Omit<APIRequest, 'url'>
  }>
  middleware: ReadonlyArray<Middleware>
}

/**
 * Runs a request through the middleware of an official client. Of the client's own headers only those go in that are known to be open:
 * it adds headers of the environment to requests for any host.
 */
async function rewriteBy(
  { buildRequest, middleware }: ClientParts,
  { method, path, body, headers: own, query }: CanonicalRequest,
): Promise<RewrittenRequest> {
  const { url: address, req } = await buildRequest({ method, path, ...(body && { body }) })
  const url = query === '' ? address : `${address}?${query}`
  const headers = new Headers({ ...withoutSecretHeaders(req.headers), ...own })
  const context: MiddlewareContext = {
    options: { method, path },
    logger: { error() {}, warn() {}, info() {}, debug() {} },
    parse: () => Promise.reject(new Error('nothing was sent')),
  }
  return new Promise((resolve, reject) => {
    let answer: (response: Response) => void = () => {}
    const answered = new Promise<Response>((settle) => {
      answer = settle
    })
    const send = ({ url, ...init }: APIRequest) => {
      const adapt = (response: Response) => {
        answer(response)
        return adapted
      }
      resolve({ url, init, adapt })
      return answered
    }
    const from = (at: number, request: APIRequest): Promise<Response> =>
      middleware[at]?.(request, (next) => from(at + 1, next), context) ?? send(request)
    const adapted = from(0, { ...req, headers, url })
    adapted.catch(reject)
  })
}
