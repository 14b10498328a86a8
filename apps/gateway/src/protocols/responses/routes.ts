// OpenAI's newer protocol: /responses, and what its clients ask about responses they have had.
import { type ChatEvent, LlmError, type Message } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { streamed } from '../../answer/stream-writer.js'
import { type Json, jsonAnswer, jsonOf } from '../../body/body.js'
import { hintsIn } from '../../body/fields.js'
import type { Targets } from '../../server/provider-registry.js'
import { checkFetchable, type Env, providerOf } from '../../server/request-context.js'
import type { Visit } from '../../server/request-record.js'
import { saidOf } from '../openai/routes.js'
import type { Kept, KeptResponses } from './kept.js'
import { fields, fromBody, names, referencesOf } from './request.js'
import { Items, toBase } from './response.js'

export function responsesRoutes(targets: Targets, kept: KeptResponses): Hono<Env> {
  const app = new Hono<Env>()
  /** With what came before, which the gateway has kept. */
  const requestOf = async (visit: Visit, body: Json, owner: string) => {
    visit.asks({ names })
    visit.ignores(hintsIn(body, fields))
    const { previous_response_id: previous } = body
    const before = typeof previous === 'string' ? (await found(kept, owner, previous)).messages : []
    const items = new Map<string, Json>()
    for (const id of referencesOf(body.input)) {
      const item = await kept.item(owner, id)
      if (item !== undefined) items.set(id, item)
    }
    const request = fromBody(body, before, items)
    visit.asks({ names, request })
    await checkFetchable(request)
    return request
  }
  app.post('/responses', async (context) => {
    const { visit } = context.var
    const owner = ownerOf(context)
    const body = await jsonOf(context)
    const request = await requestOf(visit, body, owner)
    const provider = await providerOf(context, targets, body)
    const stream = provider.stream(request, visit.options(saidOf(body)))
    const told = new Items(toBase(body, `resp_${visit.id.replaceAll('-', '')}`, provider.model))
    // What it goes on from: instructions are for one answer only.
    const asked = (request.messages as Message[]).slice(typeof body.instructions === 'string' ? 1 : 0)
    const keep = async (event: ChatEvent, lines: Json[]) => {
      if (event.type !== 'finish' || body.store === false) return
      const { response } = lines.at(-1) as { response: Json }
      // One that cannot be kept is missed by who goes on from it, and by nobody else.
      await kept.keep(owner, { response, messages: [...asked, event.response.message] }).catch(() => {})
    }
    if (body.stream !== true) {
      let last: Json[] = []
      for await (const event of stream) {
        last = told.of(event)
        await keep(event, last)
        if (event.type === 'finish') visit.answered(event.response)
      }
      return jsonAnswer(context, (last.at(-1) as { response: Json }).response)
    }
    return streamed(visit, stream, {
      contentType: 'text/event-stream',
      event: (event) => {
        const lines = told.of(event)
        const text = lines.map(written).join('')
        // It is there before its client knows its name.
        return event.type === 'finish' ? keep(event, lines).then(() => text) : text
      },
      error: (error) => told.failed(error).map(written).join(''),
    })
  })
  app.post('/responses/input_tokens', async (context) => {
    const { visit } = context.var
    const body = await jsonOf(context)
    const request = await requestOf(visit, body, ownerOf(context))
    const provider = await providerOf(context, targets, body)
    const input_tokens = await provider.countTokens(request, visit.options())
    return context.json({ object: 'response.input_tokens', input_tokens })
  })
  app.get('/responses/:id', async (context) => {
    const { response } = await found(kept, ownerOf(context), context.req.param('id'))
    return context.json(response)
  })
  app.delete('/responses/:id', async (context) => {
    const id = context.req.param('id')
    await found(kept, ownerOf(context), id)
    await kept.forget(ownerOf(context), id)
    return context.json({ id, object: 'response', deleted: true })
  })
  return app
}

/** One key's responses are nobody else's. */
function ownerOf({ var: { client } }: Context<Env>): string {
  return client?.name ?? ''
}

async function found(kept: KeptResponses, owner: string, id: string): Promise<Kept> {
  const response = await kept.response(owner, id)
  if (response !== undefined) return response
  throw new LlmError(
    'not-found',
    `There is no response ${JSON.stringify(id)}: the gateway keeps those of the last hour. Send the whole conversation as input.`,
  )
}

function written(line: Json): string {
  return `event: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`
}
