// Anthropic's protocol: /messages, /messages/count_tokens.
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Json, jsonOf, nameOf, optionsOf } from '../body.js'
import { failureOf, refused, statusOf } from '../failures.js'
import { begun } from '../streamed.js'
import type { Targets } from '../targets.js'
import { fromBody } from './request.js'
import { Events, toError, toMessage } from './response.js'

export function anthropicRoutes(targets: Targets): Hono {
  const app = new Hono()
  app.onError((thrown, context) => {
    const error = failureOf(thrown)
    if (error.retryAfterMs !== undefined)
      context.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)))
    return context.json(toError(error), statusOf(error) as ContentfulStatusCode)
  })
  app.post('/messages', async (context) => {
    const body = await jsonOf(context)
    const request = fromBody(body)
    if (request.maxOutputTokens === undefined) throw refused('max_tokens: must be given.')
    const provider = await targets.get(nameOf(body))
    const { user_id: user } = (body.metadata ?? {}) as { user_id?: unknown }
    const options = optionsOf(context, { user })
    const id = `msg_${crypto.randomUUID().replaceAll('-', '')}`
    if (body.stream !== true) return context.json(toMessage(await provider.chat(request, options), id))
    const tell = await begun(provider.stream(request, options))
    const events = new Events(id, provider.model)
    return streamSSE(context, async (stream) => {
      const write = (data: Json) => stream.writeSSE({ event: String(data.type), data: JSON.stringify(data) })
      await tell(stream, { lines: (event) => events.of(event), error: toError, write })
    })
  })
  app.post('/messages/count_tokens', async (context) => {
    const body = await jsonOf(context)
    const provider = await targets.get(nameOf(body))
    return context.json({ input_tokens: await provider.countTokens(fromBody(body), optionsOf(context, {})) })
  })
  return app
}
