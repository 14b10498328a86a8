// Ollama's protocol: /api/chat, /api/generate, /api/embed, and what its clients ask about models.
import { createHash } from 'node:crypto'
import type { Capabilities, ChatRequest } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { refused } from '../../answer/http-status.js'
import { streamed } from '../../answer/stream-writer.js'
import { type Json, jsonAnswer, jsonOf, textOf, textsOf, vectorsAnswer } from '../../body/body.js'
import type { Targets } from '../../server/provider-registry.js'
import { type Env, providerOf } from '../../server/request-context.js'
import { embedHintsOf, fromChat, fromGenerate, hintsOf, names } from './request.js'
import { type Form, toLine, toLines } from './response.js'

// Clients compare it with what they need; this is the server whose protocol it is.
const version = '0.33.0'

// Ollama has no limit of its own; the numbers of more are too much JSON for one text.
const mostTexts = 8192

export function ollamaRoutes(targets: Targets): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/version', (context) => context.json({ version }))
  const toModel = (name: string) => modelOf(name, targets.identityOf(name))
  app.get('/tags', (context) => context.json({ models: targets.names(context.var.client).map(toModel) }))
  app.get('/ps', (context) => context.json({ models: targets.names(context.var.client).map(toModel) }))
  app.post('/show', async (context) => {
    const { model, name: given = model } = await jsonOf(context)
    const name = textOf(given, 'model')
    const provider = await providerOf(context, targets, { model: name })
    const capabilities = await provider.capabilities(context.var.visit.options())
    return context.json({
      ...toModel(name),
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
    const texts = textsOf(body.input, mostTexts)
    const { dimensions, truncate } = body
    const { visit } = context.var
    visit.ignores(embedHintsOf(body))
    const provider = await providerOf(context, targets, body)
    const request = {
      input: texts,
      ...(typeof dimensions === 'number' && { dimensions }),
      ...(typeof truncate === 'boolean' && { truncate }),
    }
    const { vectors, usage, model } = visit.answered(await provider.embed(request, visit.options()))
    const answer = {
      model,
      embeddings: vectors,
      total_duration: 0,
      prompt_eval_count: usage.inputTokens ?? 0,
    }
    return vectorsAnswer(context, answer, vectors)
  })
  return app
}

async function answer(
  context: Context<Env>,
  targets: Targets,
  read: (body: Json) => ChatRequest,
  form: Form,
): Promise<Response> {
  const { visit } = context.var
  const body = await jsonOf(context)
  visit.asks({ names })
  visit.ignores(hintsOf(body))
  const request = read(body)
  visit.asks({ names, request })
  const provider = await providerOf(context, targets, body)
  const options = visit.options()
  // A stream unless it is told otherwise.
  if (body.stream === false) {
    const response = visit.answered(await provider.chat(request, options))
    return jsonAnswer(context, toLine(response, form))
  }
  return streamed(visit, provider.stream(request, options), {
    contentType: 'application/x-ndjson',
    event: (event) => toLines(event, form, provider.model).map(written).join(''),
    error: ({ message }) => written({ error: message }),
  })
}

function written(line: Json): string {
  return `${JSON.stringify(line)}\n`
}

/** Clients tell models apart by their digests. */
function modelOf(name: string, identity: string): Json {
  const details = { format: 'gguf', family: '', families: null, parameter_size: '', quantization_level: '' }
  const digest = createHash('sha256').update(identity).digest('hex')
  return { name, model: name, modified_at: '1970-01-01T00:00:00Z', size: 0, digest, details }
}

function namesOf({ tools, vision, embed, reasoning }: Capabilities): string[] {
  const can = { tools, vision, embedding: embed, thinking: reasoning }
  return ['completion', ...Object.entries(can).flatMap(([name, has]) => (has === false ? [] : [name]))]
}
