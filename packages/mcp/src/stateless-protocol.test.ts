// A server that speaks only the protocol of July 2026, without sessions and handshakes: the official server library's strict form.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { acceptedContent, createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server'
import { mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { call, connect } from '../test/everything-suite.js'

/** Its address, and the protocol versions that clients named. */
async function strictServer() {
  const versions = new Set<string | undefined>()
  const handler = createMcpHandler(
    () => {
      const server = new McpServer({ name: 'strict', version: '1.0.0' })
      server.registerTool(
        'add',
        { description: 'Adds', inputSchema: z.object({ a: z.number(), b: z.number() }) },
        ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
      )
      server.registerTool('greet', { description: 'Greets the user' }, (context) => {
        const { inputResponses } = context.mcpReq
        const given = acceptedContent<{ name: string }>(inputResponses, 'who')
        if (given !== undefined) return { content: [{ type: 'text', text: `Hello ${given.name}` }] }
        return inputRequired({
          inputRequests: {
            who: inputRequired.elicit({
              message: 'Who are you?',
              requestedSchema: {
                type: 'object',
                properties: { name: { type: 'string' } },
                required: ['name'],
              },
            }),
          },
        })
      })
      server.registerTool('translate', { description: 'Translates' }, (context) => {
        const answer = context.mcpReq.inputResponses?.words
        if (answer !== undefined) return { content: [{ type: 'text', text: JSON.stringify(answer) }] }
        return inputRequired({
          inputRequests: {
            words: inputRequired.createMessage({
              messages: [{ role: 'user', content: { type: 'text', text: 'Good morning in Spanish?' } }],
              maxTokens: 50,
            }),
          },
        })
      })
      return server
    },
    { legacy: 'reject' },
  )
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      }),
    )
    if (answer.ok) versions.add(request.headers['mcp-protocol-version'] as string | undefined)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, versions }
}

it('a server that speaks only the stateless protocol is spoken to in it', async () => {
  const { url, versions } = await strictServer()
  const connection = await connect({ url })
  expect(await call(connection, 'add', { a: 2, b: 3 })).toContain('5')
  expect([...versions]).toEqual(['2026-07-28'])
})

it('its questions to the user are answered, and the call goes on with the answer', async () => {
  const { url } = await strictServer()
  const asked: string[] = []
  const connection = await connect(
    { url },
    {
      elicit: ({ message }) => {
        asked.push(message)
        return { action: 'accept', content: { name: 'Ada' } }
      },
    },
  )
  expect(await call(connection, 'greet')).toContain('Hello Ada')
  expect(asked).toEqual(['Who are you?'])
})

it('its questions to a model are answered, and the call goes on with the answer', async () => {
  const { url } = await strictServer()
  const sampling = mockProvider({ answers: ['Buenos días'] })
  const connection = await connect({ url }, { sampling })
  expect(await call(connection, 'translate')).toContain('Buenos días')
  expect(sampling.requests).toMatchObject([
    { maxOutputTokens: 50, messages: [{ role: 'user', content: [{ text: 'Good morning in Spanish?' }] }] },
  ])
})
