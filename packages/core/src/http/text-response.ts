// toTextResponse: the text of an answer as a streamed HTTP response.
import type { ToolRunEvent } from '../agent/tool-run.js'
import type { ChatEvent } from '../contract/events.js'
import { type AnswerOptions, type AnswerSource, checkAnswerOptions, responseBody } from './response-body.js'

/**
 * The text of a stream, or of all steps of a run of tools, as the response of a fetch handler (Hono, Next.js, Deno, Bun, Cloudflare);
 * with `pipeTo` for Express, Fastify and `node:http`. A client that leaves aborts the call. If the answer fails in the middle, the
 * body breaks off with an error, so that half an answer does not look whole.
 * @example
 * app.post('/chat', async (c) => toTextResponse(llm.stream(await c.req.text())))
 */
export function toTextResponse<Result>(
  source: AnswerSource<ChatEvent | ToolRunEvent, Result>,
  options: AnswerOptions<Result> = {},
): Response {
  checkAnswerOptions(options, 'of toTextResponse()')
  const encode = (event: ChatEvent | ToolRunEvent) => (event.type === 'text' ? event.text : undefined)
  return new Response(responseBody(source, { encode, end: () => '' }, options), {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Browsers must not take a model's text for HTML.
      'x-content-type-options': 'nosniff',
      // nginx and others would collect the body before they send it.
      'x-accel-buffering': 'no',
      ...options.headers,
    },
  })
}
