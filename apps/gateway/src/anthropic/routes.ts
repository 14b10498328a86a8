// Anthropic's protocol: /messages, /messages/count_tokens.
import { Hono } from 'hono'
import { type Env, fetchable, providerOf } from '../asked.js'
import { type Json, jsonOf } from '../body.js'
import { refused } from '../failures.js'
import { streamed } from '../streamed.js'
import type { Targets } from '../targets.js'
import { fromBody } from './request.js'
import { Events, toError, toMessage } from './response.js'

export function anthropicRoutes(targets: Targets): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/messages', async (context) => {
    const { visit } = context.var
    const body = await jsonOf(context)
    const request = await fetchable(fromBody(body))
    if (request.maxOutputTokens === undefined) throw refused('max_tokens: must be given.')
    const provider = await providerOf(context, targets, body)
    const { user_id: user } = (body.metadata ?? {}) as { user_id?: unknown }
    const options = visit.options({ user })
    const id = `msg_${visit.id.replaceAll('-', '')}`
    if (body.stream !== true)
      return context.json(toMessage(visit.answered(await provider.chat(request, options)), id))
    const events = new Events(id, provider.model)
    return streamed(visit, provider.stream(request, options), {
      contentType: 'text/event-stream',
      event: (event) => events.of(event).map(written).join(''),
      error: (error) => written(toError(error)),
    })
  })
  app.post('/messages/count_tokens', async (context) => {
    const body = await jsonOf(context)
    const provider = await providerOf(context, targets, body)
    return context.json({
      input_tokens: await provider.countTokens(await fetchable(fromBody(body)), context.var.visit.options()),
    })
  })
  return app
}

function written(data: Json): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}
