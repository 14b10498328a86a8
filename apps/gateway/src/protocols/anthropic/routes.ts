// Anthropic's protocol: /messages, /messages/count_tokens.
import type { ChatRequest } from '@patchbay/core'
import { Hono } from 'hono'
import { refused } from '../../answer/http-status.js'
import { streamed } from '../../answer/stream-writer.js'
import { type Json, jsonAnswer, jsonOf, objectOf, userOf } from '../../body/body.js'
import { hintsIn } from '../../body/fields.js'
import type { Targets } from '../../server/provider-registry.js'
import { checkFetchable, type Env, providerOf } from '../../server/request-context.js'
import type { Visit } from '../../server/request-record.js'
import { fields, fromBody, names } from './request.js'
import { Events, toError, toMessage } from './response.js'

export function anthropicRoutes(targets: Targets): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/messages', async (context) => {
    const { visit } = context.var
    const body = await jsonOf(context)
    const request = await requestOf(visit, body)
    if (request.maxOutputTokens === undefined) throw refused('max_tokens: must be given.')
    const provider = await providerOf(context, targets, body)
    const { user_id } = objectOf(body.metadata ?? {}, 'metadata')
    const options = visit.options(userOf(user_id, 'metadata.user_id'))
    const id = `msg_${visit.id.replaceAll('-', '')}`
    if (body.stream !== true) {
      const response = visit.answered(await provider.chat(request, options))
      return jsonAnswer(context, toMessage(response, id))
    }
    const events = new Events(id, provider.model)
    return streamed(visit, provider.stream(request, options), {
      contentType: 'text/event-stream',
      event: (event) => events.of(event).map(written).join(''),
      error: (error) => written(toError(error)),
    })
  })
  app.post('/messages/count_tokens', async (context) => {
    const { visit } = context.var
    const body = await jsonOf(context)
    const request = await requestOf(visit, body)
    const provider = await providerOf(context, targets, body)
    return context.json({ input_tokens: await provider.countTokens(request, visit.options()) })
  })
  return app
}

async function requestOf(visit: Visit, body: Json): Promise<ChatRequest> {
  visit.asks({ names })
  visit.ignores(hintsIn(body, fields))
  const request = fromBody(body)
  visit.asks({ names, request })
  await checkFetchable(request)
  return request
}

function written(data: Json): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}
