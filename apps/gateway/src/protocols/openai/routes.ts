// Routes of OpenAI's Chat Completions protocol: /chat/completions, /embeddings, /models.
import { type EmbedRequest, LlmError } from '@patchbay/core'
import { Hono } from 'hono'
import { requestError } from '../../answer/http-status.js'
import { answering } from '../../answer/stop-texts.js'
import { type StreamFormat, streamResponse } from '../../answer/stream-writer.js'
import { type Json, metadataOf, readJson, userMetadata, writeJson, writeVectors } from '../../body/body.js'
import { ignoredFields } from '../../body/fields.js'
import { wholeAnswer, withRawEvents } from '../../passthrough/raw-answer.js'
import { isUsageOnly, rawCompletions } from '../../passthrough/raw-body.js'
import { readFor } from '../../passthrough/same-protocol.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import { type Env, providerFor, withoutUnknownReasoning } from '../../server/request-context.js'
import { toEmbedInput } from './embedding-input.js'
import { embedFields, fields, namesFor } from './fields.js'
import { fromBody } from './request.js'
import { ChunkWriter, toCompletion, toError } from './response.js'
import { toolOrigins } from './tools.js'

export function openaiRoutes(registry: ProviderRegistry): Hono<Env> {
  const app = new Hono<Env>()
  // OpenAI and Anthropic share this path; Anthropic's clients send a version header.
  app.get('/models', (context) =>
    context.req.header('anthropic-version') === undefined
      ? context.json({ object: 'list', data: registry.names(context.get('client')).map(toModel) })
      : context.json({
          data: registry.names(context.get('client')).map(toAnthropicModel),
          has_more: false,
          first_id: null,
          last_id: null,
        }),
  )
  app.get('/models/:name', (context) => {
    const name = context.req.param('name')
    const names = registry.names(context.get('client'))
    if (!names.includes(name))
      throw new LlmError(
        'not-found',
        `There is no model ${JSON.stringify(name)}. There are ${names.join(', ')}.`,
      )
    return context.json(
      context.req.header('anthropic-version') === undefined ? toModel(name) : toAnthropicModel(name),
    )
  })
  app.post('/chat/completions', async (context) => {
    const recorder = context.get('recorder')
    const body = await readJson(context)
    const names = namesFor(body)
    recorder.setErrorContext({ names })
    const provider = await providerFor(context, registry, body)
    const read = async () => {
      recorder.recordIgnored(ignoredFields(body, fields))
      const { request: asked, ignored } = fromBody(body, names)
      recorder.recordIgnored(ignored)
      recorder.setErrorContext({ names, request: asked })
      return withoutUnknownReasoning(asked, provider, recorder, 'reasoning_effort')
    }
    const { request, answer } = await readFor(context, provider, {
      protocol: 'openai-chat',
      raw: rawCompletions(body),
      read,
    })
    const origins = toolOrigins(body)
    const options = recorder.callOptions(clientMetadata(body))
    const model = await answering(provider, request, options)
    const [id, created] = [`chatcmpl-${recorder.id}`, Math.floor(Date.now() / 1000)]
    if (body.stream !== true) {
      const response = recorder.recordAnswer(await model.chat())
      return writeJson(context, wholeAnswer(answer, response) ?? toCompletion(response, id, created, origins))
    }
    const { include_usage } = (body.stream_options ?? {}) as { include_usage?: boolean }
    const chunks = new ChunkWriter(id, created, provider.model, include_usage === true, origins)
    const format: StreamFormat = {
      contentType: 'text/event-stream',
      event: (event) => chunks.write(event),
      error: (error) => `data: ${JSON.stringify(toError(error))}\n\n`,
    }
    const raw = {
      write: (chunk: Json, json: () => string) =>
        include_usage !== true && isUsageOnly(chunk) ? '' : `data: ${json()}\n\n`,
      end: 'data: [DONE]\n\n',
    }
    return streamResponse(recorder, model.stream(), withRawEvents(format, answer, raw))
  })
  app.post('/embeddings', async (context) => {
    const body = await readJson(context)
    const { input, dimensions, encoding_format: format = 'float' } = body
    if (format !== 'float' && format !== 'base64')
      throw requestError("encoding_format: must be 'float' or 'base64'.")
    const recorder = context.get('recorder')
    recorder.recordIgnored(ignoredFields(body, embedFields))
    const provider = await providerFor(context, registry, body)
    const request: EmbedRequest = {
      ...toEmbedInput(input, provider.provider),
      ...(typeof dimensions === 'number' && { dimensions }),
    }
    const { vectors, usage, model } = recorder.recordAnswer(
      await provider.embed(request, recorder.callOptions(clientMetadata(body))),
    )
    const { inputTokens = 0 } = usage
    return writeVectors(
      context,
      {
        object: 'list',
        model,
        data: vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: encodeVector(vector, format),
        })),
        usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
      },
      vectors,
    )
  })
  return app
}

/** A vector as a list of numbers, or as bytes for base64: `jsonReplacer` writes both. */
function encodeVector(vector: Float32Array, format: 'float' | 'base64'): Float32Array | Uint8Array {
  return format === 'float' ? vector : new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

function toModel(id: string): Json {
  return { id, object: 'model', created: 0, owned_by: 'patchbay' }
}

function toAnthropicModel(id: string): Json {
  return { id, type: 'model', display_name: id, created_at: '1970-01-01T00:00:00Z' }
}

/** Metadata and end user that a client of OpenAI's protocols sends, for policies. */
export function clientMetadata({ metadata, user }: Json): Record<string, string> {
  return { ...metadataOf(metadata, 'metadata'), ...userMetadata(user, 'user') }
}
