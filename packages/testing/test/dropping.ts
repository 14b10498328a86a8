// The contract suite over a backend that sends the texts of messages and drops the rest in silence. It must fail; run by
// src/contract/notices.test.ts.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defineProvider } from '@patchbay/core'
import { describeProvider } from '../src/index.js'

const server = createServer(async (request, response) => {
  let body = ''
  for await (const piece of request) body += piece
  response.end(`${body.length}`)
}).listen(0)
server.unref()

describeProvider('dropping', () =>
  defineProvider({
    provider: 'dropping',
    model: 'dropping-1',
    capabilities: () => ({
      ...{
        tools: true,
        vision: 'unknown',
        files: false,
        audio: false,
        json: true,
        reasoning: true,
        embed: false,
      },
    }),
    async *chat({ messages }, { signal }) {
      const texts = messages.flatMap(({ content }) =>
        content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
      )
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const body = JSON.stringify(texts)
      const response = await fetch(url, { method: 'POST', body, signal })
      yield { type: 'text', text: await response.text() }
      yield { type: 'finish', response: { finishReason: 'stop', usage: { inputTokens: 1, outputTokens: 1 } } }
    },
  }),
)
