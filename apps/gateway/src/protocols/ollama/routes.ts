// Routes of Ollama's API: /api/chat, /api/generate, /api/embed, and information about models.
import { createHash } from 'node:crypto'
import type { Capabilities, ChatRequest, ModelInfo, Provider } from '@patchbay/core'
import { type Context, Hono } from 'hono'
import { answering } from '../../answer/stop-texts.js'
import { type StreamFormat, streamResponse } from '../../answer/stream-writer.js'
import { type Json, readJson, requireString, requireTexts, writeJson, writeVectors } from '../../body/body.js'
import { withInfill } from '../../body/completion-prompt.js'
import { StreamedLogprobs } from '../../body/logprobs.js'
import { wholeAnswer, withRawEvents } from '../../passthrough/raw-answer.js'
import { rawOllama } from '../../passthrough/raw-body.js'
import { readFor } from '../../passthrough/same-protocol.js'
import type { Client } from '../../server/api-keys.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import { type Env, providerFor } from '../../server/request-context.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { fromChat, fromGenerate, gapIn, ignoredIn, ignoredInEmbed, names } from './request.js'
import { type Form, toLine, toLines, toLoaded } from './response.js'

// Clients check for a minimum version: this is the Ollama version whose API the gateway follows.
const version = '0.33.0'

// Ollama itself has no limit; the numbers of more texts are too much JSON for one string.
const maxTexts = 8192

export function ollamaRoutes(registry: ProviderRegistry): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/version', (context) => context.json({ version }))
  const toModel = async (name: string, client: Client | undefined) =>
    modelOf(name, registry.identityOf(name), await registry.listedBy(name, client))
  const list = async (context: Context<Env>) => {
    const client = context.get('client')
    return context.json({
      models: await Promise.all(registry.names(client).map((name) => toModel(name, client))),
    })
  }
  app.get('/tags', list)
  app.get('/ps', list)
  app.post('/show', async (context) => {
    const { model, name: given = model } = await readJson(context)
    const name = requireString(given, 'model')
    const provider = await providerFor(context, registry, { model: name })
    const capabilities = await provider.capabilities(context.get('recorder').callOptions())
    return context.json({
      ...(await toModel(name, context.get('client'))),
      capabilities: namesOf(capabilities),
      // Editors look here for whether a model fills gaps.
      ...(capabilities.infill === true && { template: '{{ .Prompt }}{{ .Suffix }}' }),
      model_info: {
        'general.architecture': provider.provider,
        'general.basename': provider.model,
        ...(capabilities.contextWindow && {
          [`${provider.provider}.context_length`]: capabilities.contextWindow,
        }),
      },
    })
  })
  app.post('/chat', async (context) => answer(context, registry, fromChat, 'chat'))
  app.post('/generate', async (context) => answer(context, registry, fromGenerate, 'generate'))
  // The older form: one text, one vector.
  app.post('/embeddings', async (context) => {
    const body = await readJson(context)
    const prompt = requireString(body.prompt, 'prompt')
    const recorder = context.get('recorder')
    recorder.recordIgnored(ignoredInEmbed(body))
    const provider = await providerFor(context, registry, body)
    const { vectors } = recorder.recordAnswer(
      await provider.embed({ input: [prompt] }, recorder.callOptions()),
    )
    return writeVectors(context, { embedding: vectors[0] ?? [] }, vectors)
  })
  app.post('/embed', async (context) => {
    const body = await readJson(context)
    const texts = requireTexts(body.input, maxTexts)
    const { dimensions, truncate } = body
    const recorder = context.get('recorder')
    recorder.recordIgnored(ignoredInEmbed(body))
    const provider = await providerFor(context, registry, body)
    const request = {
      input: texts,
      ...(typeof dimensions === 'number' && { dimensions }),
      ...(typeof truncate === 'boolean' && { truncate }),
    }
    const { vectors, usage, model } = recorder.recordAnswer(
      await provider.embed(request, recorder.callOptions()),
    )
    const answer = {
      model,
      embeddings: vectors,
      total_duration: 0,
      load_duration: 0,
      prompt_eval_count: usage.inputTokens ?? 0,
    }
    return writeVectors(context, answer, vectors)
  })
  return app
}

async function answer(
  context: Context<Env>,
  registry: ProviderRegistry,
  read: (body: Json) => ChatRequest,
  form: Form,
): Promise<Response> {
  const recorder = context.get('recorder')
  const body = await readJson(context)
  recorder.setErrorContext({ names })
  const provider = await providerFor(context, registry, body)
  if (isLoadCall(body)) {
    recorder.recordIgnored(ignoredIn(body))
    // Clients load and unload models by requests without a question; the gateway's providers do that themselves.
    const done_reason = [0, '0', '0s'].includes(body.keep_alive as string) ? 'unload' : 'load'
    return context.json({ ...toLoaded(provider.model, form), done_reason })
  }
  const translated = () => {
    recorder.recordIgnored(ignoredIn(body))
    const asked = read(body)
    recorder.setErrorContext({ names, request: asked })
    if (form === 'generate') return withInfill(asked, gapIn(body), provider, recorder.callOptions())
    return withoutUnknownChoice(asked, provider, recorder)
  }
  const { request, answer: raw } = await readFor(context, provider, {
    protocol: 'ollama-chat',
    raw: form === 'chat' ? rawOllama(body) : undefined,
    read: translated,
  })
  const options = recorder.callOptions()
  const model = await answering(provider, request, options)
  // Ollama streams by default.
  if (body.stream === false) {
    const response = recorder.recordAnswer(await model.chat())
    return writeJson(context, wholeAnswer(raw, response) ?? toLine(response, form))
  }
  const logprobs = new StreamedLogprobs()
  const format: StreamFormat = {
    contentType: 'application/x-ndjson',
    event: (event) =>
      toLines(event, form, provider.model, logprobs)
        .map((line) => toNdjson(line))
        .join(''),
    error: ({ message }) => toNdjson({ error: message }),
  }
  return streamResponse(recorder, model.stream(), withRawEvents(format, raw, { write: toNdjson }))
}

/** A real Ollama ignores `tool_choice`, so it is ignored for a model that cannot be made to call a tool. */
async function withoutUnknownChoice(
  request: ChatRequest,
  provider: Provider,
  recorder: RequestRecorder,
): Promise<ChatRequest> {
  const { toolChoice = 'auto', ...rest } = request
  if (toolChoice === 'auto' || toolChoice === 'none') return request
  const { options } = await provider.capabilities(recorder.callOptions())
  if (options?.toolChoice !== false) return request
  recorder.recordIgnored(['tool_choice'])
  return rest
}

/** Whether a request asks for nothing but the model. */
function isLoadCall({ messages, prompt, images, suffix }: Json): boolean {
  if (messages !== undefined && messages !== null) return Array.isArray(messages) && messages.length === 0
  return (prompt === undefined || prompt === null || prompt === '') && !images && !suffix
}

function toNdjson(line: Json, json = () => JSON.stringify(line)): string {
  return `${json()}\n`
}

/** A model entry. Clients tell models apart by digest: that of the model where it is known, otherwise one of the configured names. */
function modelOf(
  name: string,
  identity: string,
  { digest: listed, sizeBytes = 0 }: Partial<ModelInfo> = {},
): Json {
  const details = { format: 'gguf', family: '', families: null, parameter_size: '', quantization_level: '' }
  const digest = listed ?? createHash('sha256').update(identity).digest('hex')
  return { name, model: name, modified_at: '1970-01-01T00:00:00Z', size: sizeBytes, digest, details }
}

function namesOf({ tools, vision, embed, reasoning, infill = false }: Capabilities): string[] {
  const can = { tools, vision, embedding: embed, thinking: reasoning, insert: infill === true }
  return ['completion', ...Object.entries(can).flatMap(([name, has]) => (has === false ? [] : [name]))]
}
