// Upstream of the benchmark of large things: a service whose answer is as long as the model's name says, `KIND-CHARACTERS`, many events a
// packet, as fast services send them. `text` and `tool` come a character an event, `list` (a JSON array of objects) 16. It speaks Chat
// Completions, and of the Messages API, Ollama's and Gemini's as much as a long text (or the input of a tool) takes.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const common = { id: 'chatcmpl_1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x' }
const event = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ ...common, choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const letter = (at: number) => 'abcdefghijklmnopqrstuvwxyz '[at % 27] as string
const element = (at: number) =>
  `{"id":${at},"name":"item ${at}","tags":["a","b"],"text":"some words of text"}`

/** The events of an answer of Chat Completions. */
function* chatCompletions(kind: string, characters: number): Generator<string> {
  yield event({ role: 'assistant', content: '' })
  if (kind === 'text') for (let at = 0; at < characters; at++) yield event({ content: letter(at) })
  if (kind === 'tool') {
    const call = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'save', arguments: '{"text":"' },
    }
    yield event({ tool_calls: [call] })
    for (let at = 0; at < characters; at++)
      yield event({ tool_calls: [{ index: 0, function: { arguments: letter(at) } }] })
    yield event({ tool_calls: [{ index: 0, function: { arguments: '"}' } }] })
  }
  if (kind === 'list') {
    let held = '{"elements":['
    for (let sent = 0, at = 0; sent < characters; at++) {
      held += `${at === 0 ? '' : ','}${element(at)}`
      for (; held.length >= 16; held = held.slice(16), sent += 16) yield event({ content: held.slice(0, 16) })
    }
    yield event({ content: `${held}]}` })
  }
  if (kind === 'talk') yield event({ content: 'Yes.' })
  yield event({}, kind === 'tool' ? 'tool_calls' : 'stop')
  const usage = { prompt_tokens: 10, completion_tokens: characters, total_tokens: characters + 10 }
  yield `data: ${JSON.stringify({ ...common, choices: [], usage })}\n\ndata: [DONE]\n\n`
}

/** The events of an answer of the Messages API. */
function* messages(kind: string, characters: number): Generator<string> {
  const event = (value: { type: string; [field: string]: unknown }) =>
    `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
  const usage = { input_tokens: 10, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [], usage }
  yield event({ type: 'message_start', message: { ...message, stop_reason: null } })
  const isTool = kind === 'tool'
  const block = isTool
    ? { type: 'tool_use', id: 'toolu_1', name: 'save', input: {} }
    : { type: 'text', text: '' }
  yield event({ type: 'content_block_start', index: 0, content_block: block })
  const delta = (piece: string) =>
    event({
      type: 'content_block_delta',
      index: 0,
      delta: isTool ? { type: 'input_json_delta', partial_json: piece } : { type: 'text_delta', text: piece },
    })
  if (isTool) yield delta('{"text":"')
  for (let at = 0; at < characters; at++) yield delta(letter(at))
  if (isTool) yield delta('"}')
  yield event({ type: 'content_block_stop', index: 0 })
  const stop_reason = isTool ? 'tool_use' : 'end_turn'
  yield event({ type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: characters } })
  yield event({ type: 'message_stop' })
}

/** The lines of a text of Ollama. */
function* ollama(_kind: string, characters: number): Generator<string> {
  const line = (content: string, more: object) =>
    `${JSON.stringify({ model: 'x', message: { role: 'assistant', content }, ...more })}\n`
  for (let at = 0; at < characters; at++) yield line(letter(at), { done: false })
  yield line('', { done: true, done_reason: 'stop', prompt_eval_count: 10, eval_count: characters })
}

/** The events of a text of Gemini. */
function* gemini(_kind: string, characters: number): Generator<string> {
  const event = (text: string, more: object) =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }] })}\n\n`
  for (let at = 0; at < characters; at++) yield event(letter(at), {})
  yield event('.', { finishReason: 'STOP' })
}

const protocols: [path: RegExp, pieces: (kind: string, characters: number) => Generator<string>][] = [
  [/\/chat\/completions$/, chatCompletions],
  [/\/v1\/messages$/, messages],
  [/\/api\/chat$/, ollama],
  [/:streamGenerateContent/, gemini],
]

async function send(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let packet = ''
  for (const piece of pieces) {
    packet += piece
    if (packet.length < 32_768) continue
    if (!response.write(packet)) await new Promise((resolve) => response.once('drain', resolve))
    packet = ''
  }
  response.end(packet)
}

const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const path = request.url?.split('?')[0] ?? ''
  const protocol = protocols.find(([pattern]) => pattern.test(path))
  if (request.method !== 'POST' || protocol === undefined) return void response.writeHead(404).end('{}')
  // Gemini has the model in its path.
  const model = /models\/([^:]+):/.exec(path)?.[1] ?? JSON.parse(Buffer.concat(parts).toString()).model
  const [kind = '', characters] = model.split('-')
  await send(response, protocol[1](kind, Number(characters)))
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1\n`),
)
