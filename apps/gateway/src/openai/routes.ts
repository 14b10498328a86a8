// OpenAI's protocol: /chat/completions, /embeddings, /models.
import { type EmbedRequest, LlmError, type Provider } from '@patchbay/core'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Json, jsonOf, nameOf, optionsOf } from '../body.js'
import { failureOf, refused, statusOf } from '../failures.js'
import { begun } from '../streamed.js'
import type { Targets } from '../targets.js'
import { fromBody } from './request.js'
import { Chunks, toCompletion, toError } from './response.js'

export function openaiRoutes(targets: Targets): Hono {
  const app = new Hono()
  app.onError((thrown, context) => {
    const error = failureOf(thrown)
    if (error.retryAfterMs !== undefined)
      context.header('retry-after-ms', String(Math.ceil(error.retryAfterMs)))
    return context.json(toError(error), statusOf(error) as ContentfulStatusCode)
  })
  // Both protocols have this path; Anthropic's clients say their version.
  app.get('/models', (context) =>
    context.req.header('anthropic-version') === undefined
      ? context.json({ object: 'list', data: targets.names.map(toModel) })
      : context.json({
          data: targets.names.map(toAnthropicModel),
          has_more: false,
          first_id: null,
          last_id: null,
        }),
  )
  app.get('/models/:name', (context) => {
    const name = context.req.param('name')
    if (targets.names.includes(name)) return context.json(toModel(name))
    throw new LlmError(
      'not-found',
      `There is no model ${JSON.stringify(name)}. There are ${targets.names.join(', ')}.`,
    )
  })
  app.post('/chat/completions', async (context) => {
    const body = await jsonOf(context)
    const request = fromBody(body)
    const provider = await targets.get(nameOf(body))
    const options = optionsOf(context, metadataOf(body))
    const [id, created] = [`chatcmpl-${crypto.randomUUID()}`, Math.floor(Date.now() / 1000)]
    if (body.stream !== true)
      return context.json(toCompletion(await provider.chat(request, options), id, created))
    const tell = await begun(provider.stream(request, options))
    const { include_usage } = (body.stream_options ?? {}) as { include_usage?: boolean }
    const chunks = new Chunks(id, created, provider.model, include_usage === true)
    return streamSSE(context, async (stream) => {
      const write = (data: Json | string) =>
        stream.writeSSE({ data: typeof data === 'string' ? data : JSON.stringify(data) })
      await tell(stream, { lines: (event) => chunks.of(event), error: toError, write })
    })
  })
  app.post('/embeddings', async (context) => {
    const body = await jsonOf(context)
    const { input, dimensions, encoding_format: format = 'float' } = body
    if (format !== 'float' && format !== 'base64')
      throw refused("encoding_format: must be 'float' or 'base64'.")
    const texts = [input].flat()
    if (!texts.every((text) => typeof text === 'string'))
      throw refused('input: must be a text or a list of texts.')
    const provider: Provider = await targets.get(nameOf(body))
    const request: EmbedRequest = { input: texts, ...(typeof dimensions === 'number' && { dimensions }) }
    const { vectors, usage, model } = await provider.embed(request, optionsOf(context, metadataOf(body)))
    const { inputTokens = 0 } = usage
    return context.json({
      object: 'list',
      model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding:
          format === 'float'
            ? Array.from(vector)
            : Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
      })),
      usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
    })
  })
  return app
}

function toModel(id: string): Json {
  return { id, object: 'model', created: 0, owned_by: 'patchbay' }
}

function toAnthropicModel(id: string): Json {
  return { id, type: 'model', display_name: id, created_at: '1970-01-01T00:00:00Z' }
}

function metadataOf({ metadata, user }: Json): Json {
  return { ...(metadata as Json | undefined), user }
}
