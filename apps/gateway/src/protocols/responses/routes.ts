// Routes of OpenAI's Responses API: /responses, and stored responses by id.
import { type ChatEvent, type ChatRequest, LlmError, type Message, type Provider } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { requestError } from '../../answer/http-status.js'
import { type StreamFormat, streamResponse } from '../../answer/stream-writer.js'
import { type Json, readJson, writeJson } from '../../body/body.js'
import { ignoredFields } from '../../body/fields.js'
import { wholeAnswer, withRawEvents } from '../../passthrough/raw-answer.js'
import { inputItems, rawResponses, responseIn } from '../../passthrough/raw-body.js'
import { readFor } from '../../passthrough/same-protocol.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import {
  type Env,
  providerFor,
  serverToolsFor,
  withoutUnknownReasoning,
} from '../../server/request-context.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { clientMetadata } from '../openai/routes.js'
import type { BackgroundAnswers } from './background.js'
import type { BackgroundAnswer, BackgroundCall } from './background-answer.js'
import { toSse } from './event-log.js'
import { fields, names } from './fields.js'
import { referencedIds, toInputItems } from './input-items.js'
import { fromBody } from './request.js'
import { ItemWriter } from './response.js'
import { toBase } from './response-object.js'
import { isUnfinished, type ResponseStore, type StoredResponse, withGoneFailed } from './response-store.js'
import { SharedEvents } from './shared-events.js'
import { toolOrigins } from './tools.js'

const protocol = 'openai-responses'

export function responsesRoutes(
  registry: ProviderRegistry,
  store: ResponseStore,
  background: BackgroundAnswers,
): Hono<Env> {
  const app = new Hono<Env>()
  /** The request, with earlier messages and items from the store, and its body for a service of the same protocol. */
  const readingOf = async (recorder: RequestRecorder, body: Json, owner: string, provider: Provider) => {
    recorder.setErrorContext({ names })
    const { previous_response_id: previous } = body
    const before = typeof previous === 'string' ? await loadResponse(store, owner, previous) : undefined
    const made = typeof previous === 'string' ? background.find(owner, previous) : undefined
    if (before !== undefined && isUnfinished(made?.response ?? before.response))
      throw requestError(`previous_response_id: ${previous} has not ended. Wait until it has.`)
    const references = new Map<string, Json>()
    for (const id of referencedIds(body.input)) {
      const item = await store.item(owner, id)
      if (item !== undefined) references.set(id, item)
    }
    const read = async (): Promise<ChatRequest> => {
      const serverTools = await serverToolsFor(body.tools, provider, recorder)
      recorder.recordIgnored(ignoredFields(body, fields))
      const { request, ignored } = fromBody(body, before?.messages ?? [], references, serverTools)
      recorder.recordIgnored(ignored)
      recorder.setErrorContext({ names, request })
      return request
    }
    return { protocol, raw: rawResponses(body, before?.items, references), read } as const
  }
  app.post('/responses', async (context) => {
    const recorder = context.get('recorder')
    const owner = ownerOf(context)
    const body = await readJson(context)
    if (body.background === true) recorder.client.detach()
    const provider = await providerFor(context, registry, body)
    const reading = await readingOf(recorder, body, owner, provider)
    const { request, answer } = await readFor(context, provider, {
      ...reading,
      read: async () => withoutUnknownReasoning(await reading.read(), provider, recorder, 'reasoning'),
    })
    const job = context.get('job')
    const base = toBase(body, `resp_${recorder.id}`, provider.model)
    // As it was promised.
    if (job !== undefined) base.created_at = job.response.created_at
    const items = new ItemWriter(base, toolOrigins(body))
    // Stored without the instructions, which are for one answer only.
    const conversation = (request.messages as Message[]).slice(typeof body.instructions === 'string' ? 1 : 0)
    if (body.background === true) {
      const { signal: cut, ...options } = recorder.callOptions(clientMetadata(body))
      const call: BackgroundCall = {
        ...{ owner, items, recorder, conversation, input: job?.input ?? toInputItems(body.input) },
        isJob: job !== undefined,
        start: (signal) =>
          provider.stream(request, { ...options, signal: AbortSignal.any(cut ? [cut, signal] : [signal]) }),
      }
      const promised = await background.handOver(call, context.req.raw, body)
      if (promised !== undefined) {
        recorder.handOver()
        if (body.stream !== true) return context.json(promised)
        const events = await SharedEvents.after(-1, { store, owner, id: items.id, isUnfinished: true })
        return eventStream(recorder, events.texts())
      }
      const made = await background.start(call)
      recorder.endLater()
      made.begin()
      return body.stream === true ? followed(recorder, made, -1) : context.json(made.response)
    }
    const stream = provider.stream(request, recorder.callOptions(clientMetadata(body)))
    /** `itemsBefore`: the items that a service of the same protocol was sent, if it has answered. */
    const save = async (event: ChatEvent, response: Json, itemsBefore?: Json[]) => {
      if (event.type !== 'finish' || body.store === false) return
      const { output } = response as { output?: Json[] }
      // If storing fails, only a request that continues from this response fails.
      await store
        .save(owner, {
          response,
          messages: [...conversation, event.response.message],
          input: toInputItems(body.input),
          ...(itemsBefore && { items: [...itemsBefore, ...(output ?? [])] }),
        })
        .catch(() => {})
    }
    const sent = inputItems(reading.raw?.input)
    if (body.stream !== true) {
      let whole: Json = {}
      for await (const event of stream) {
        const last = items.write(event).at(-1)
        if (event.type !== 'finish') continue
        recorder.recordAnswer(event.response)
        const raw = wholeAnswer(answer, event.response)
        whole = raw ?? responseIn(last ?? {})
        await save(event, whole, raw && sent)
      }
      return writeJson(context, whole)
    }
    const format: StreamFormat = {
      contentType: 'text/event-stream',
      event: (event) => {
        const lines = items.write(event)
        const text = lines.map((line) => toSse(line)).join('')
        // Stored before the client knows its id.
        return event.type === 'finish' ? save(event, responseIn(lines.at(-1) ?? {})).then(() => text) : text
      },
      error: (error) =>
        items
          .failed(error)
          .map((line) => toSse(line))
          .join(''),
    }
    let last: Json = {}
    const raw = withRawEvents(format, answer, {
      write: (event, json) => {
        items.follow(event)
        if ('response' in event) last = event
        return toSse(event, json)
      },
    })
    return streamResponse(recorder, stream, {
      ...raw,
      event: (event) => {
        const text = raw.event(event)
        if (event.type !== 'finish' || !('response' in last)) return text
        return save(event, responseIn(last), sent).then(() => text)
      },
    })
  })
  app.post('/responses/input_tokens', async (context) => {
    const recorder = context.get('recorder')
    const body = await readJson(context)
    const provider = await providerFor(context, registry, body)
    const reading = await readingOf(recorder, body, ownerOf(context), provider)
    const { request } = await readFor(context, provider, { ...reading, raw: undefined })
    const input_tokens = await provider.countTokens(request, recorder.callOptions())
    return context.json({ object: 'response.input_tokens', input_tokens })
  })
  app.get('/responses/:id', async (context) => {
    const [owner, id] = [ownerOf(context), context.req.param('id')]
    const made = background.find(owner, id)
    if (context.req.query('stream') !== 'true')
      return context.json(made?.response ?? (await loadResponse(store, owner, id)).response)
    const after = eventNumber(context.req.query('starting_after'))
    if (made !== undefined) return followed(context.var.recorder, made, after)
    // Another instance makes or has made it.
    const { response } = await loadResponse(store, owner, id)
    const events = await SharedEvents.after(after, { store, owner, id, isUnfinished: isUnfinished(response) })
    return eventStream(context.var.recorder, events.texts())
  })
  app.post('/responses/:id/cancel', async (context) => {
    const [owner, id] = [ownerOf(context), context.req.param('id')]
    const made = background.find(owner, id)
    await made?.cancel()
    if (made !== undefined) return context.json(made.response)
    const { response } = await loadResponse(store, owner, id)
    if (response.background !== true)
      throw requestError('Only a response that was asked for with background: true can be cancelled.')
    if (!isUnfinished(response)) return context.json(response)
    await background.askToEnd(owner, id, 'cancel')
    return context.json({ ...response, status: 'cancelled' })
  })
  app.get('/responses/:id/input_items', async (context) => {
    const { input = [] } = await loadResponse(store, ownerOf(context), context.req.param('id'))
    const data = context.req.query('order') === 'asc' ? input : input.toReversed()
    const [first_id = null, last_id = null] = [data[0]?.id, data.at(-1)?.id]
    return context.json({ object: 'list', data, first_id, last_id, has_more: false })
  })
  app.delete('/responses/:id', async (context) => {
    const id = context.req.param('id')
    await background.find(ownerOf(context), id)?.cancel()
    const { response } = await loadResponse(store, ownerOf(context), id)
    // Another instance makes it, and must not store it again.
    if (isUnfinished(response)) await background.askToEnd(ownerOf(context), id, 'forget')
    background.forget(ownerOf(context), id)
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
  if (response !== undefined)
    return { ...response, response: withGoneFailed(response.response, response.beatAt) }
  throw new LlmError(
    'not-found',
    `There is no response ${JSON.stringify(id)}: the gateway keeps those of the last hour. Send the whole conversation as input.`,
  )
}

/** The number of an event; -1 for none. */
function eventNumber(text: string | undefined): number {
  if (text === undefined || text === '') return -1
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw requestError('starting_after: must be the number of an event, as in sequence_number.')
}

/** The events of an answer in the background. A client that disconnects leaves it as it is. */
function followed(recorder: RequestRecorder, answer: BackgroundAnswer, after: number): Response {
  answer.events.checkNumber(after)
  return eventStream(recorder, answer.events.after(after))
}

function eventStream(recorder: RequestRecorder, events: AsyncGenerator<string>): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await events.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: () => void events.return(undefined),
  })
  const headers = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    ...recorder.idHeaders,
    ...recorder.responseHeaders(),
  }
  return new Response(body, { headers })
}
