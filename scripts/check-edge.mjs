// The promise that the remote backends run in a browser and on an edge worker: each is bundled for the browser with
// its SDK (anything of Node's would fail to resolve) and streams an answer where there is nothing but the web's globals.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { build } from 'esbuild'

const events = (values) =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`).join('')
const completed = { id: 'r', model: 'm', status: 'completed', output: [], usage: {} }
const answers = {
  '/v1/messages': events([
    { type: 'message_start', message: { id: 'm', model: 'm', content: [], usage: { input_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]),
  '/chat/completions': `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hello' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
  '/responses': events([
    { type: 'response.output_text.delta', output_index: 0, delta: 'Hello' },
    { type: 'response.completed', response: completed },
  ]),
  '/api/chat': `${JSON.stringify({ message: { content: 'Hello' }, done: true, done_reason: 'stop' })}\n`,
}
const server = createServer(async (request, response) => {
  for await (const _ of request);
  const body = answers[request.url]
  const type = request.url === '/api/chat' ? 'application/x-ndjson' : 'text/event-stream'
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const baseURL = `http://127.0.0.1:${server.address().port}`

// What browsers, Deno, Bun and the edge workers of the large hosts all have (WinterTC, minimum common web API, 2025).
const web = [
  ...['AbortController', 'AbortSignal', 'Blob', 'DOMException', 'Event', 'EventTarget', 'File', 'FormData'],
  ...['Headers', 'ReadableStream', 'Request', 'Response', 'TextDecoder', 'TextEncoder', 'TransformStream'],
  ...[
    'URL',
    'URLSearchParams',
    'WritableStream',
    'atob',
    'btoa',
    'clearTimeout',
    'console',
    'crypto',
    'fetch',
  ],
  ...['performance', 'queueMicrotask', 'setTimeout', 'structuredClone'],
]

async function ask(name, call) {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from '@patchbay/${name}'
        globalThis.answer = async () => {
          const provider = ${call}
          let text = ''
          for await (const piece of provider.stream('Hi').text) text += piece
          return text + '|' + (await provider.chat('Hi')).text
        }`,
      resolveDir: fileURLToPath(new URL(`../packages/${name}`, import.meta.url)),
    },
    alias: {
      [`@patchbay/${name}`]: fileURLToPath(new URL(`../packages/${name}/dist/index.js`, import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  })
  const world = createContext(Object.fromEntries(web.map((key) => [key, globalThis[key]])))
  new Script(`globalThis.self = globalThis;${outputFiles[0].text}`).runInContext(world)
  return world.answer()
}

let failed = false
for (const [name, call] of [
  ['claude', `claude('m', { apiKey: 'k', baseURL: '${baseURL}' })`],
  ['openai', `openai('m', { apiKey: 'k', baseURL: '${baseURL}' })`],
  ['openai', `openai('m', { apiKey: 'k', baseURL: '${baseURL}', api: 'responses' })`],
  ['ollama', `ollama('m', { baseURL: '${baseURL}' })`],
]) {
  const outcome = await ask(name, call).catch((error) => error)
  const fine = outcome === 'Hello|Hello'
  failed ||= !fine
  process.stdout.write(
    `${fine ? 'ok  ' : 'FAIL'}  without Node: ${call.replace(baseURL, '…')}${fine ? '' : `: ${outcome?.stack ?? outcome}`}\n`,
  )
}
server.closeAllConnections()
server.close()
process.exit(failed ? 1 : 0)
