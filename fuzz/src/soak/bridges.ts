// Soak scenarios of the bridges to other libraries and to MCP servers.
import { languageModel } from '@patchbay/ai-sdk'
import { chatModel } from '@patchbay/langchain'
import { mcpTools } from '@patchbay/mcp'
import { generateText, streamText } from 'ai'
import { answering } from './provider.js'
import { type Make, readAll } from './scenario.js'

/** A server of tools with sessions, and a stream for each that is open until its client ends it. */
function forgetting(): { fetch: typeof fetch; forget(): void } {
  let session = 0
  const streams = new Set<ReadableStreamDefaultController>()
  const answers: Record<string, object> = {
    initialize: {
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'soak', version: '1' },
    },
    'tools/list': { tools: [{ name: 'a', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: 'done' }] },
  }
  return {
    forget: () => session++,
    async fetch(_, { method, headers, body, signal } = {}) {
      if (method === 'GET')
        return new Response(
          new ReadableStream({
            start(controller) {
              streams.add(controller)
              signal?.addEventListener('abort', () => {
                streams.delete(controller)
                controller.error(signal.reason)
              })
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        )
      const asked = JSON.parse(String(body)) as { id?: number; method: string }
      const isOpen = new Headers(headers).get('mcp-session-id') === `${session}`
      if (asked.method !== 'initialize' && !isOpen) return new Response('Session not found', { status: 404 })
      if (asked.id === undefined) return new Response(null, { status: 202 })
      return Response.json(
        { jsonrpc: '2.0', id: asked.id, result: answers[asked.method] },
        { headers: { 'mcp-session-id': `${session}` } },
      )
    },
  }
}

export const bridgeScenarios: Record<string, Make> = {
  'bridges: AI SDK': () => {
    const model = languageModel(answering())
    return { call: (index, abortSignal) => generateText({ model, prompt: `question ${index}`, abortSignal }) }
  },
  'bridges: AI SDK, streamed': () => {
    const model = languageModel(answering())
    return {
      call: (index, abortSignal) =>
        readAll(streamText({ model, prompt: `question ${index}`, abortSignal }).textStream),
    }
  },
  'bridges: LangChain': () => {
    const model = chatModel(answering())
    return { call: (index, signal) => model.invoke(`question ${index}`, { signal }) }
  },
  'bridges: MCP': async () => {
    const server = process.env.PATCHBAY_SOAK_MCP
    if (server === undefined) throw new Error('PATCHBAY_SOAK_MCP is the program of a server.')
    const served = await mcpTools({ command: process.execPath, args: [server] })
    const weather = served.tools.find(({ name }) => name === 'weather_now')
    return {
      call: async (index, signal) =>
        weather?.run?.(
          { city: `city ${index}` },
          { signal, id: `${index}`, messages: [], context: undefined },
        ),
      close: () => served.close(),
    }
  },
  'bridges: MCP, of a server that forgets its sessions': async () => {
    const server = forgetting()
    const served = await mcpTools({ url: 'http://127.0.0.1:9/mcp', fetch: server.fetch })
    return {
      call: async (index, signal) => {
        server.forget()
        await served.tools[0]?.run?.({}, { signal, id: `${index}`, messages: [], context: undefined })
      },
      close: () => served.close(),
    }
  },
}
