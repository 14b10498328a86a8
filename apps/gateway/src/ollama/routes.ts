// Ollama's protocol: /api/chat, /api/generate, /api/embed, and what its clients ask about models.
import type { Capabilities, ChatEvent, ChatRequest } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { stream as streaming } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Json, jsonOf, nameOf, optionsOf } from '../body.js'
import { failureOf, refused, statusOf } from '../failures.js'
import { begun } from '../streamed.js'
import type { Targets } from '../targets.js'
import { fromChat, fromGenerate } from './request.js'
import { type Form, toLine, toLines } from './response.js'

// Clients compare it with what they need; this is the server whose protocol it is.
const version = '0.33.0'

export function ollamaRoutes(targets: Targets): Hono {
  const app = new Hono()
  app.onError((thrown, context) => {
    const error = failureOf(thrown)
    return context.json({ error: error.message }, statusOf(error) as ContentfulStatusCode)
  })
  app.get('/version', (context) => context.json({ version }))
  app.get('/tags', (context) => context.json({ models: targets.names.map(toModel) }))
  app.get('/ps', (context) => context.json({ models: targets.names.map(toModel) }))
  app.post('/show', async (context) => {
    const { model, name = model } = await jsonOf(context)
    const provider = await targets.get(nameOf({ model: name }))
    const capabilities = await provider.capabilities(optionsOf(context, {}))
    return context.json({
      ...toModel(String(name)),
      capabilities: namesOf(capabilities),
      model_info: {
        'general.architecture': provider.provider,
        ...(capabilities.contextWindow && {
          [`${provider.provider}.context_length`]: capabilities.contextWindow,
        }),
      },
    })
  })
  app.post('/chat', async (context) => answer(context, targets, fromChat, 'chat'))
  app.post('/generate', async (context) => answer(context, targets, fromGenerate, 'generate'))
  app.post('/embed', async (context) => {
    const body = await jsonOf(context)
    const texts = [body.input].flat()
    if (!texts.every((text) => typeof text === 'string'))
      throw refused('input: must be a text or a list of texts.')
    const { dimensions, truncate } = body
    const provider = await targets.get(nameOf(body))
    const request = {
      input: texts,
      ...(typeof dimensions === 'number' && { dimensions }),
      ...(typeof truncate === 'boolean' && { truncate }),
    }
    const { vectors, usage, model } = await provider.embed(request, optionsOf(context, {}))
    return context.json({
      model,
      embeddings: vectors.map((vector) => Array.from(vector)),
      total_duration: 0,
      prompt_eval_count: usage.inputTokens ?? 0,
    })
  })
  return app
}

async function answer(
  context: Context,
  targets: Targets,
  read: (body: Json) => ChatRequest,
  form: Form,
): Promise<Response> {
  const body = await jsonOf(context)
  const request = read(body)
  const provider = await targets.get(nameOf(body))
  const options = optionsOf(context, {})
  // A stream unless it is told otherwise.
  if (body.stream === false) return context.json(toLine(await provider.chat(request, options), form))
  const tell = await begun(provider.stream(request, options))
  context.header('content-type', 'application/x-ndjson')
  return streaming(context, async (stream) => {
    const lines = (event: ChatEvent) => toLines(event, form, provider.model)
    const write = (line: Json) => stream.write(`${JSON.stringify(line)}\n`)
    await tell(stream, { lines, error: ({ message }) => ({ error: message }), write })
  })
}

function toModel(name: string): Json {
  const details = { format: 'gguf', family: '', families: null, parameter_size: '', quantization_level: '' }
  return { name, model: name, modified_at: '1970-01-01T00:00:00Z', size: 0, digest: '', details }
}

function namesOf({ tools, vision, embed, reasoning }: Capabilities): string[] {
  const can = { tools, vision, embedding: embed, thinking: reasoning }
  return ['completion', ...Object.entries(can).flatMap(([name, has]) => (has === false ? [] : [name]))]
}
