// OpenAI's protocol: /chat/completions, /embeddings, /models.
import { type EmbedRequest, LlmError } from '@patchbay/core'
import { Hono } from 'hono'
import { refused } from '../../answer/http-status.js'
import { streamed } from '../../answer/stream-writer.js'
import { type Json, jsonAnswer, jsonOf, metadataOf, textsOf, userOf, vectorsAnswer } from '../../body/body.js'
import { hintsIn } from '../../body/fields.js'
import type { Targets } from '../../server/provider-registry.js'
import { checkFetchable, type Env, providerOf } from '../../server/request-context.js'
import { embedFields, fields, fromBody, namesFor } from './request.js'
import { Chunks, toCompletion, toError } from './response.js'

// As many as OpenAI takes. Source: platform.openai.com/docs/api-reference/embeddings/create, November 2026.
const mostTexts = 2048

export function openaiRoutes(targets: Targets): Hono<Env> {
  const app = new Hono<Env>()
  // Both protocols have this path; Anthropic's clients say their version.
  app.get('/models', (context) =>
    context.req.header('anthropic-version') === undefined
      ? context.json({ object: 'list', data: targets.names(context.var.client).map(toModel) })
      : context.json({
          data: targets.names(context.var.client).map(toAnthropicModel),
          has_more: false,
          first_id: null,
          last_id: null,
        }),
  )
  app.get('/models/:name', (context) => {
    const name = context.req.param('name')
    const names = targets.names(context.var.client)
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
    const { visit } = context.var
    const body = await jsonOf(context)
    const names = namesFor(body)
    visit.asks({ names })
    visit.ignores(hintsIn(body, fields))
    const request = fromBody(body, names)
    visit.asks({ names, request })
    await checkFetchable(request)
    const provider = await providerOf(context, targets, body)
    const options = visit.options(saidOf(body))
    const [id, created] = [`chatcmpl-${visit.id}`, Math.floor(Date.now() / 1000)]
    if (body.stream !== true) {
      const response = visit.answered(await provider.chat(request, options))
      return jsonAnswer(context, toCompletion(response, id, created))
    }
    const { include_usage } = (body.stream_options ?? {}) as { include_usage?: boolean }
    const chunks = new Chunks(id, created, provider.model, include_usage === true)
    return streamed(visit, provider.stream(request, options), {
      contentType: 'text/event-stream',
      event: (event) => chunks.of(event),
      error: (error) => `data: ${JSON.stringify(toError(error))}\n\n`,
    })
  })
  app.post('/embeddings', async (context) => {
    const body = await jsonOf(context)
    const { input, dimensions, encoding_format: format = 'float' } = body
    if (format !== 'float' && format !== 'base64')
      throw refused("encoding_format: must be 'float' or 'base64'.")
    const texts = textsOf(input, mostTexts)
    const { visit } = context.var
    visit.ignores(hintsIn(body, embedFields))
    const provider = await providerOf(context, targets, body)
    const request: EmbedRequest = { input: texts, ...(typeof dimensions === 'number' && { dimensions }) }
    const { vectors, usage, model } = visit.answered(
      await provider.embed(request, visit.options(saidOf(body))),
    )
    const { inputTokens = 0 } = usage
    return vectorsAnswer(
      context,
      {
        object: 'list',
        model,
        data: vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: written(vector, format),
        })),
        usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
      },
      vectors,
    )
  })
  return app
}

/** As a list, or the bytes of its numbers: the thread writes both. */
function written(vector: Float32Array, format: 'float' | 'base64'): Float32Array | Uint8Array {
  return format === 'float' ? vector : new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

function toModel(id: string): Json {
  return { id, object: 'model', created: 0, owned_by: 'patchbay' }
}

function toAnthropicModel(id: string): Json {
  return { id, type: 'model', display_name: id, created_at: '1970-01-01T00:00:00Z' }
}

/** What a client of OpenAI says of its request, for policies. */
export function saidOf({ metadata, user }: Json): Record<string, string> {
  return { ...metadataOf(metadata, 'metadata'), ...userOf(user, 'user') }
}
