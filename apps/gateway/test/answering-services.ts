// Services of all protocols that read every request to its end and answer in one word. In a process of its own: what it reads must not
// count as the gateway's time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const program = `
  const answers = {
    '/v1/messages': { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } },
    '/v1/messages/count_tokens': { input_tokens: 1 },
    '/api/show': { capabilities: ['completion', 'tools', 'vision'], model_info: {} },
    '/api/chat': { model: 'm', message: { role: 'assistant', content: 'ok' }, done: true, done_reason: 'stop' },
    '/v1/chat/completions': { id: 'c', object: 'chat.completion', model: 'm', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ok' } }], usage: { prompt_tokens: 1, completion_tokens: 1 } },
  }
  require('http').createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end(JSON.stringify(answers[request.url]) + '\\n'))
    response.setHeader('content-type', request.url === '/api/chat' ? 'application/x-ndjson' : 'application/json')
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

/** Starts it. */
export async function answeringServices(): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['-e', program])
  const [port] = await once(child.stdout, 'data')
  return { url: `http://127.0.0.1:${Number(port)}`, stop: () => void child.kill() }
}
