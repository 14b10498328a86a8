// Routes of OpenAI's text completions: /completions.
import { Hono } from 'hono'
import { answering } from '../../answer/stop-texts.js'
import { streamResponse } from '../../answer/stream-writer.js'
import { readJson, writeJson } from '../../body/body.js'
import { withInfill } from '../../body/completion-prompt.js'
import { ignoredFields } from '../../body/fields.js'
import type { ProviderRegistry } from '../../server/provider-registry.js'
import { type Env, providerFor } from '../../server/request-context.js'
import { toError } from '../openai/response.js'
import { clientMetadata } from '../openai/routes.js'
import { fields, fromBody, gapIn, names } from './request.js'
import { CompletionWriter, toTextCompletion } from './response.js'

export function completionsRoutes(registry: ProviderRegistry): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/completions', async (context) => {
    const recorder = context.get('recorder')
    const body = await readJson(context)
    recorder.setErrorContext({ names })
    recorder.recordIgnored(ignoredFields(body, fields))
    const asked = fromBody(body)
    recorder.setErrorContext({ names, request: asked })
    const provider = await providerFor(context, registry, body)
    const options = recorder.callOptions(clientMetadata(body))
    const request = await withInfill(asked, gapIn(body), provider, options)
    const model = await answering(provider, request, options)
    const created = Math.floor(Date.now() / 1000)
    const head = { id: `cmpl-${recorder.id}`, created, model: provider.model }
    if (body.stream !== true) {
      const response = recorder.recordAnswer(await model.chat())
      return writeJson(context, toTextCompletion(response, head))
    }
    const { include_usage } = (body.stream_options ?? {}) as { include_usage?: boolean }
    const chunks = new CompletionWriter(head, include_usage === true)
    return streamResponse(recorder, model.stream(), {
      contentType: 'text/event-stream',
      event: (event) => chunks.write(event),
      error: (error) => `data: ${JSON.stringify(toError(error))}\n\n`,
    })
  })
  return app
}
