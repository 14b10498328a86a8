// Routes of Anthropic's Messages API: /messages, /messages/count_tokens.
import { type ChatRequest, LlmError, type ServerToolName } from '@patchbay/core'
import { Hono } from 'hono'
import { requestError } from '../../answer/http-status.js'
import { answering } from '../../answer/stop-texts.js'
import { type StreamFormat, streamResponse } from '../../answer/stream-writer.js'
import { type Json, readJson, requireObject, userMetadata, writeJson } from '../../body/body.js'
import { ignoredFields } from '../../body/fields.js'
import { wholeAnswer, withRawEvents } from '../../passthrough/raw-answer.js'
import { rawMessages } from '../../passthrough/raw-body.js'
import { readFor } from '../../passthrough/same-protocol.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import {
  type Env,
  providerFor,
  serverToolsFor,
  withoutUnknownReasoning,
} from '../../server/request-context.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { fields, names } from './fields.js'
import { fromBody } from './request.js'
import { EventWriter, toError, toMessage } from './response.js'

const protocol = 'anthropic-messages'

export function anthropicRoutes(registry: ProviderRegistry): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/messages', async (context) => {
    const recorder = context.get('recorder')
    const body = await readJson(context)
    const lost = lostThread(body)
    if (lost !== undefined) {
      const error = recorder.recordFailure(lost)
      return context.json(toError(error, { error_code: 'thread_not_found' }), 404)
    }
    const betas = context.req.header('anthropic-beta') ?? ''
    const provider = await providerFor(context, registry, body)
    const read = async () => {
      const serverTools = await serverToolsFor(body.tools, provider, recorder)
      const asked = withinAnswer(requestOf(recorder, body, serverTools), betas)
      if (asked.maxOutputTokens === undefined) throw requestError('max_tokens: must be given.')
      return withoutUnknownReasoning(asked, provider, recorder, 'thinking')
    }
    const { request, answer } = await readFor(context, provider, { protocol, raw: rawMessages(body), read })
    const { user_id } = requireObject(body.metadata ?? {}, 'metadata')
    const options = recorder.callOptions(userMetadata(user_id, 'metadata.user_id'))
    const model = await answering(provider, request, options)
    const id = `msg_${recorder.id}`
    const client = context.req.header('user-agent')
    if (body.stream !== true) {
      const response = recorder.recordAnswer(await model.chat())
      return writeJson(context, wholeAnswer(answer, response) ?? toMessage(response, id))
    }
    const events = new EventWriter(id, provider.model, client)
    const format: StreamFormat = {
      contentType: 'text/event-stream',
      event: (event) =>
        events
          .write(event)
          .map((data) => toSse(data))
          .join(''),
      error: (error) => toSse(toError(error)),
    }
    return streamResponse(recorder, model.stream(), withRawEvents(format, answer, { write: toSse }))
  })
  app.post('/messages/count_tokens', async (context) => {
    const recorder = context.get('recorder')
    const body = await readJson(context)
    const provider = await providerFor(context, registry, body)
    const { request } = await readFor(context, provider, {
      protocol,
      raw: rawMessages(body),
      read: async () => requestOf(recorder, body, await serverToolsFor(body.tools, provider, recorder)),
    })
    return context.json({ input_tokens: await provider.countTokens(request, recorder.callOptions()) })
  })
  return app
}

/**
 * The gateway keeps no threads. A new thread needs nothing kept; a request that continues one gets the error after which the
 * official SDKs send the whole conversation again (@anthropic-ai/sdk 1.14, `replayReason`).
 */
function lostThread({ thread }: Json): LlmError | undefined {
  const { type = 'create' } = requireObject(thread ?? {}, 'thread')
  if (type === 'create') return undefined
  return new LlmError('not-found', 'thread: the gateway keeps no threads. Send the whole conversation.')
}

/**
 * With interleaved thinking, a budget covers all turns of a tool loop and may exceed `max_tokens`
 * (platform.claude.com/docs, extended thinking, November 2026). Here a budget is for one answer, and leaves room for its text.
 */
function withinAnswer(request: ChatRequest, betas: string): ChatRequest {
  const { reasoning, maxOutputTokens: most = 0 } = request
  if (
    typeof reasoning !== 'object' ||
    reasoning.budgetTokens < most ||
    !betas.includes('interleaved-thinking')
  )
    return request
  return { ...request, reasoning: { budgetTokens: Math.floor(most * 0.8) } }
}

function requestOf(
  recorder: RequestRecorder,
  body: Json,
  serverTools: readonly ServerToolName[],
): ChatRequest {
  recorder.setErrorContext({ names })
  recorder.recordIgnored(ignoredFields(body, fields))
  const { request, ignored } = fromBody(body, serverTools)
  recorder.recordIgnored(ignored)
  recorder.setErrorContext({ names, request })
  return request
}

function toSse(data: Json, json = () => JSON.stringify(data)): string {
  return `event: ${data.type}\ndata: ${json()}\n\n`
}
