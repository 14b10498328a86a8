// A gateway with four models over a service that streams 100 tokens a second to each, for the benchmark of the page. A child process.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadConfig } from '@patchbay/config'
import { serve } from '@patchbay/gateway'

const tokensPerSecond = 100
const seconds = 20

/** What models write: text, lists, code and a table, in pieces of four letters. */
const part = `## A step

Some text with **bold words**, \`code\` and a [link](https://a.example), long enough for two lines on a screen of this width.

- one thing
- another one, with *emphasis*

\`\`\`ts
const groups = Map.groupBy(list, ({ key }) => key)
for (const [key, values] of groups) console.log(key, values.length)
\`\`\`

| model | tokens |
|---|--:|
| small | 100 |

`
const pieces = part.match(/[\s\S]{1,4}/g) ?? []

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`

const service = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(chunk({ role: 'assistant', content: '' }))
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    // By the clock: a timer that is late sends more at once.
    const due = Math.min(((performance.now() - began) / 1000) * tokensPerSecond, seconds * tokensPerSecond)
    for (; sent < due; sent++) response.write(chunk({ content: pieces[sent % pieces.length] }))
    if (sent < seconds * tokensPerSecond) return
    clearInterval(timer)
    response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`)
  }, 1000 / tokensPerSecond)
  response.on('close', () => clearInterval(timer))
})
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
const baseURL = `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1`
const provider = { use: 'openai' as const, api: 'chat' as const, model: 'm', baseURL, apiKey: 'none' }
const config = {
  default: 'one',
  providers: { one: provider, two: provider, three: provider, four: provider },
}
const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
process.send?.(gateway.url)
process.on('disconnect', () => process.exit())
