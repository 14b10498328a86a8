// One server over all configured providers: routes, limits, and what every protocol has in common.
import type { Loaded } from '@patchbay/config'
import { LlmError, type Provider } from '@patchbay/core'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { anthropicRoutes } from './anthropic/routes.js'
import { ollamaRoutes } from './ollama/routes.js'
import { toError } from './openai/response.js'
import { openaiRoutes } from './openai/routes.js'
import { Targets } from './targets.js'

/** Options of `gateway`. */
export interface GatewayOptions {
  /** What is configured: `await loadConfig()`. */
  loaded: Loaded
  /** A model nobody knows is an error, rather than the default one. Default false. */
  strictModels?: boolean
  /** Who answers where nothing is configured. */
  otherwise?: () => Provider | Promise<Provider>
  /** The largest body of a request. Default 20 MiB. */
  maxBytes?: number
}

/** A gateway without its socket. */
export interface Gateway {
  fetch(request: Request): Response | Promise<Response>
  /** Waits for what runs, and closes all providers. */
  close(): Promise<void>
}

/** The gateway as a handler of requests, for any server that has such a thing. */
export function gateway({
  loaded,
  strictModels = false,
  otherwise,
  maxBytes = 20 * 1024 * 1024,
}: GatewayOptions): Gateway {
  const targets = new Targets(loaded, strictModels, otherwise)
  const app = new Hono()
  app.get('/healthz', (context) => context.text('ok'))
  app.use(
    bodyLimit({
      maxSize: maxBytes,
      onError: (context) =>
        context.json(
          {
            error: { message: `The request has more than ${maxBytes} bytes.`, type: 'invalid_request_error' },
          },
          413,
        ),
    }),
  )
  app.route('/api', ollamaRoutes(targets))
  app.route('/v1', anthropicRoutes(targets))
  app.route('/v1', openaiRoutes(targets))
  app.notFound(({ req, json }) => {
    const error = new LlmError('not-found', `There is no ${req.method} ${req.path} here.`)
    return json(toError(error), 404)
  })
  return { fetch: (request) => app.fetch(request), close: () => targets.close() }
}
