// Routes of OpenAI's Responses API: /responses, and stored responses by id.
import { type ChatEvent, LlmError, type Message } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { streamResponse } from '../../answer/stream-writer.js'
import { type Json, readJson, writeJson } from '../../body/body.js'
import { ignoredFields } from '../../body/fields.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import {
  checkPublicUrls,
  type Env,
  providerFor,
  withoutUnknownReasoning,
} from '../../server/request-context.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { clientMetadata } from '../openai/routes.js'
import { fields, names } from './fields.js'
import { referencedIds, toInputItems } from './input-items.js'
import { fromBody } from './request.js'
import { ItemWriter } from './response.js'
import { toBase } from './response-object.js'
import type { ResponseStore, StoredResponse } from './response-store.js'
import { toolOrigins } from './tools.js'

export function responsesRoutes(registry: ProviderRegistry, store: ResponseStore): Hono<Env> {
  const app = new Hono<Env>()
  /** The request, with earlier messages and items from the store. */
  const requestOf = async (recorder: RequestRecorder, body: Json, owner: string) => {
    recorder.setErrorContext({ names })
    recorder.recordIgnored(ignoredFields(body, fields))
    const { previous_response_id: previous } = body
    const before = typeof previous === 'string' ? (await loadResponse(store, owner, previous)).messages : []
    const references = new Map<string, Json>()
    for (const id of referencedIds(body.input)) {
      const item = await store.item(owner, id)
      if (item !== undefined) references.set(id, item)
    }
    const { request, ignored } = fromBody(body, before, references)
    recorder.recordIgnored(ignored)
    recorder.setErrorContext({ names, request })
    await checkPublicUrls(request)
    return request
  }
  app.post('/responses', async (context) => {
    const { recorder } = context.var
    const owner = ownerOf(context)
    const body = await readJson(context)
    const asked = await requestOf(recorder, body, owner)
    const provider = await providerFor(context, registry, body)
    const request = await withoutUnknownReasoning(asked, provider, recorder, 'reasoning')
    const stream = provider.stream(request, recorder.callOptions(clientMetadata(body)))
    const items = new ItemWriter(
      toBase(body, `resp_${recorder.id.replaceAll('-', '')}`, provider.model),
      toolOrigins(body),
    )
    // Stored without the instructions, which are for one answer only.
    const conversation = (request.messages as Message[]).slice(typeof body.instructions === 'string' ? 1 : 0)
    const save = async (event: ChatEvent, lines: Json[]) => {
      if (event.type !== 'finish' || body.store === false) return
      const { response } = lines.at(-1) as { response: Json }
      // If storing fails, only a request that continues from this response fails.
      await store
        .save(owner, {
          response,
          messages: [...conversation, event.response.message],
          input: toInputItems(body.input),
        })
        .catch(() => {})
    }
    if (body.stream !== true) {
      let last: Json[] = []
      for await (const event of stream) {
        last = items.write(event)
        await save(event, last)
        if (event.type === 'finish') recorder.recordAnswer(event.response)
      }
      return writeJson(context, (last.at(-1) as { response: Json }).response)
    }
    return streamResponse(recorder, stream, {
      contentType: 'text/event-stream',
      event: (event) => {
        const lines = items.write(event)
        const text = lines.map(toSse).join('')
        // Stored before the client knows its id.
        return event.type === 'finish' ? save(event, lines).then(() => text) : text
      },
      error: (error) => items.failed(error).map(toSse).join(''),
    })
  })
  app.post('/responses/input_tokens', async (context) => {
    const { recorder } = context.var
    const body = await readJson(context)
    const request = await requestOf(recorder, body, ownerOf(context))
    const provider = await providerFor(context, registry, body)
    const input_tokens = await provider.countTokens(request, recorder.callOptions())
    return context.json({ object: 'response.input_tokens', input_tokens })
  })
  app.get('/responses/:id', async (context) => {
    const { response } = await loadResponse(store, ownerOf(context), context.req.param('id'))
    return context.json(response)
  })
  app.get('/responses/:id/input_items', async (context) => {
    const { input = [] } = await loadResponse(store, ownerOf(context), context.req.param('id'))
    const data = context.req.query('order') === 'asc' ? input : input.toReversed()
    const [first_id = null, last_id = null] = [data[0]?.id, data.at(-1)?.id]
    return context.json({ object: 'list', data, first_id, last_id, has_more: false })
  })
  app.delete('/responses/:id', async (context) => {
    const id = context.req.param('id')
    await loadResponse(store, ownerOf(context), id)
    await store.delete(ownerOf(context), id)
    return context.json({ id, object: 'response', deleted: true })
  })
  return app
}

/** Responses belong to one key. */
function ownerOf({ var: { client } }: Context<Env>): string {
  return client?.name ?? ''
}

async function loadResponse(store: ResponseStore, owner: string, id: string): Promise<StoredResponse> {
  const response = await store.response(owner, id)
  if (response !== undefined) return response
  throw new LlmError(
    'not-found',
    `There is no response ${JSON.stringify(id)}: the gateway keeps those of the last hour. Send the whole conversation as input.`,
  )
}

function toSse(line: Json): string {
  return `event: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`
}
