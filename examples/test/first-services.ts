// The services that the first programs ask: OpenAI's Responses API as a strict service, and an Anthropic that cannot be reached.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JsonObject, type StrictAnswer, strictService } from '@patchbay/testing/services'

/** The last thing said in a request, and all of it. */
function said(body: JsonObject): { last: string; all: string } {
  const list = body.input as unknown
  return { last: JSON.stringify(Array.isArray(list) ? list.at(-1) : list), all: JSON.stringify(list) }
}

/** The answer of the model, by what is asked. */
function answerTo(body: JsonObject): string | StrictAnswer {
  const { last, all } = said(body)
  if (last.includes('deleted')) return 'It is gone.'
  if (last.includes('function_call_output')) return 'It is 21 degrees and sunny in Lima.'
  if (last.includes('weather')) return { toolCalls: [{ name: 'get_weather', input: { city: 'Lima' } }] }
  if (last.includes('Delete')) return { toolCalls: [{ name: 'remove', input: { path: 'old.txt' } }] }
  if (last.includes('What is my name'))
    return all.includes('My name is Zoe') ? 'Your name is Zoe.' : 'I do not know.'
  if (last.includes('My name is')) return 'Nice to meet you, Zoe.'
  if (last.includes('Ada')) return '{"name": "Ada", "age": 36}'
  if (last.includes('recipe')) return '{"name": "Tea", "steps": ["Boil water.", "Wait."]}'
  if (last.includes('cities')) {
    // Each SDK has its own name for the list around the elements.
    const [, list] = /"properties":\{"(\w+)":\{"type":"array"/.exec(JSON.stringify(body)) ?? []
    const cities = [
      { name: 'Lima', country: 'Peru' },
      { name: 'Oslo', country: 'Norway' },
    ]
    return JSON.stringify({ [list ?? 'elements']: cities })
  }
  if (last.includes('negative')) return last.includes('Great') ? 'positive' : 'negative'
  if (last.includes('invoice')) return last.includes('JVBER') ? 'The total is 698 EUR.' : 'Which invoice?'
  if (last.includes('Count')) return 'one two three four five six'
  return 'The capital of France is Paris.'
}

/** As a reasoning model answers: it refuses its own message later without the reasoning that came with it. */
function withReasoning(body: JsonObject): StrictAnswer {
  const answer = answerTo(body)
  return { ...(typeof answer === 'string' ? { text: answer } : answer), reasoning: 'I know this.' }
}

/** Vectors in which texts with the same words are near. */
function vectorOf(text: string): number[] {
  return ['delivery', 'days', 'open', 'Saturday'].map((word) => (text.includes(word) ? 1 : 0.1))
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/**
 * The environment of the programs. Embeddings and a missing model, which the strict service does not have, are put before it.
 */
export async function startFirstServices() {
  const strict = await strictService('openai-responses', { script: withReasoning })
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = JSON.parse(text)
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (body.model === 'gpt-none')
      return json(404, {
        error: { message: 'No such model.', code: 'model_not_found', type: 'invalid_request_error' },
      })
    if (request.url?.endsWith('/embeddings'))
      return json(200, {
        data: body.input.map((text: string, index: number) => ({ index, embedding: vectorOf(text) })),
        model: body.model,
        usage: { prompt_tokens: 9, total_tokens: 9 },
      })
    const answer = await fetch(strict.url + request.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
      body: text,
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
    return response.end(Buffer.from(await answer.arrayBuffer()))
  })
  const url = await listen(server)
  const closed = createServer()
  const nowhere = await listen(closed)
  await new Promise((resolve) => closed.close(resolve))
  return {
    env: {
      ...{ OPENAI_API_KEY: 'none', OPENAI_ON_LOOPBACK: url },
      ...{ ANTHROPIC_API_KEY: 'none', ANTHROPIC_ON_LOOPBACK: nowhere },
      NODE_OPTIONS: `--import=${new URL('to-loopback.mjs', import.meta.url).href}`,
    },
    refused: strict.refused,
    close: () => Promise.all([strict.close(), new Promise((resolve) => server.close(resolve))]),
  }
}
