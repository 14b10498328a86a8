// A request is sent exactly as often as `attempts` says: one that a server may have started to process is not sent again.
import { createServer } from 'node:net'
import { isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { remotes, serve, thrownBy } from './backends.js'

type Operation = [
  name: string,
  ask: (llm: Provider, retry: false | { retries: number; baseDelay: number }) => Promise<unknown>,
]

const operations: Operation[] = [
  ['chat', (llm, retry) => llm.chat('Hi', { retry })],
  ['a stream', (llm, retry) => llm.stream('Hi', { retry }).response()],
  ['embed', (llm, retry) => llm.embed('Hi', { retry })],
  ['models', (llm, retry) => llm.models({ retry })],
  ['countTokens', (llm, retry) => llm.countTokens('Hi', { retry })],
  [
    'transcribe',
    (llm, retry) => llm.transcribe({ audio: new Uint8Array(64), mediaType: 'audio/wav' }, { retry }),
  ],
  ['the submission of a batch', (llm, retry) => llm.batches.submit(['Hi'], { retry })],
  ['the status of a batch', (llm, retry) => llm.batches.status('b', { retry })],
  ['the cancelling of a batch', (llm, retry) => llm.batches.cancel('b', { retry })],
  [
    'the results of a batch',
    async (llm, retry) => {
      for await (const _ of llm.batches.results('b', { retry })) return
    },
  ],
]

describe.each(Object.entries(remotes))('%s', (_, { make, batch }) => {
  describe.each(operations)('%s', (_, ask) => {
    it.each([
      ['closes', true],
      ['breaks', 'reset'],
    ] as const)('is sent once by each attempt to a server that reads it and %s the connection', async (_, noAnswer) => {
      const server = await serve({ noAnswer })
      const llm = make({ baseURL: server.url, apiKey: 'sk-once-and-only' })
      for (const retry of [false, { retries: 2, baseDelay: 1 }] as const) {
        const before = server.requests.length
        const error = (await thrownBy(ask(llm, retry))) as LlmError
        // What the backend does not have is not asked for.
        if (isLlmError(error, 'unsupported')) {
          expect(server.requests).toHaveLength(before)
          continue
        }
        expect(error).toMatchObject({ code: 'network', attempts: retry === false ? 1 : 3 })
        expect(server.requests.length - before).toBe(error.attempts)
      }
    })
  })

  it('a batch is not ordered again by itself, whatever the provider does with other calls', async () => {
    const server = await serve({ noAnswer: 'reset' })
    const llm = make({ baseURL: server.url, apiKey: 'sk-once-and-only', retry: { retries: 3, baseDelay: 1 } })
    const error = await thrownBy(llm.batches.submit(['Hi']))
    const sent = batch === undefined ? 0 : 1
    expect(error).toMatchObject(sent === 0 ? { code: 'unsupported' } : { code: 'network', attempts: 1 })
    expect(server.requests).toHaveLength(sent)
  })

  it('a connection that is broken before a byte of the request is read is one failed attempt', async () => {
    const connections = { count: 0 }
    const server = createServer((socket) => {
      connections.count++
      socket.resetAndDestroy()
    })
    const url = await listening(server)
    const llm = make({ baseURL: url, apiKey: 'sk-once-and-only' })
    const error = await thrownBy(llm.chat('Hi', { retry: { retries: 1, baseDelay: 1 } }))
    expect(error).toMatchObject({ code: 'network', attempts: 2 })
    expect(connections.count).toBe(2)
  })
})

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
