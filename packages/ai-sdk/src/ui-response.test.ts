// A chat of `useChat`, by the class that stands behind it, over a real server that answers with `toResponse`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { type BackendEvent, LlmError, type Part, type Provider, runTools, type Tool } from '@patchbay/core'
import { local } from '@patchbay/local'
import { mockProvider } from '@patchbay/testing'
import { DefaultChatTransport, type UIMessage } from 'ai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { chatBy, textOf } from '../test/chat.js'
import { fromUiMessages, toModelMessages, toResponse, toUiMessages, type UiMessage } from './index.js'

/** A route handler on a server. */
async function chatOver(handler: (messages: UiMessage[], signal: AbortSignal) => Response) {
  const server = createServer(async (request, response) => {
    const controller = new AbortController()
    response.on('close', () => controller.abort())
    let body = ''
    for await (const chunk of request) body += chunk
    const { status, headers, body: answer } = handler(JSON.parse(body).messages, controller.signal)
    response.writeHead(status, Object.fromEntries(headers))
    const reading = Readable.fromWeb(answer as never)
    reading.on('error', () => {})
    response.on('close', () => reading.destroy())
    reading.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat`
  return chatBy(new DefaultChatTransport({ api }))
}

const over = (provider: Provider) =>
  chatOver((messages, signal) => toResponse(provider.stream(fromUiMessages(messages), { signal })))

describe('useChat', () => {
  it('talks to the local model, and remembers', async () => {
    const provider = local({ threads: 1, cacheDir: false })
    onTestFinished(() => provider.close())
    const chat = await over(provider)
    await chat.sendMessage({ text: 'My name is Zoe.' })
    await chat.sendMessage({ text: 'What is my name?' })
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(textOf(chat.messages[3] as UIMessage)).toBe('Your name is Zoe.')
    expect(chat.status).toBe('ready')
  })

  const opaque = { provider: 'mock', data: { signature: 'x' } }
  const tools: Tool[] = [
    {
      name: 'get_weather',
      input: { type: 'object', properties: { city: { type: 'string' } } },
      run: async () => ({ temperature: 21 }),
    },
  ]

  it('shows a run of tools, and gives back verbatim what a provider must get', async () => {
    const events: BackendEvent[] = [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'part-end', opaque },
      { type: 'text', text: 'Let me see.' },
      { type: 'part-end', citations: [{ url: 'https://example.com', title: 'E' }, { title: 'D' }] },
      { type: 'tool-call', id: 'a', name: 'get_weather', input: { city: 'Lima' }, opaque },
      { type: 'finish', response: { finishReason: 'tool-calls' } },
    ]
    const inner = mockProvider({ answers: [{ events }, 'Sunny.', 'Yes.'] })
    const chat = await chatOver((messages, signal) =>
      toResponse(runTools(inner, { messages: fromUiMessages(messages), tools }, { signal })),
    )
    await chat.sendMessage({ text: 'Weather?' })
    expect(chat.messages[1]?.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'reasoning', text: 'Hm.', state: 'done' },
      { type: 'text', text: 'Let me see.' },
      {
        type: 'tool-get_weather',
        state: 'output-available',
        input: { city: 'Lima' },
        output: '{"temperature":21}',
      },
      { type: 'source-url', url: 'https://example.com' },
      { type: 'source-document', title: 'D' },
      { type: 'step-start' },
      { type: 'text', text: 'Sunny.' },
    ])
    await chat.sendMessage({ text: 'Sure?' })
    const [, second, third] = inner.requests
    // What the page sends again is what the run itself has sent.
    expect(third?.messages.slice(0, 3)).toEqual(second?.messages)
    expect(third?.messages.slice(3)).toMatchObject([
      { role: 'assistant', content: [{ text: 'Sunny.' }] },
      { role: 'user', content: [{ text: 'Sure?' }] },
    ])
  })

  it('shows a call whose input is no JSON as failed, so that the page does not run it', async () => {
    const json = '{"city":"Li'
    const events: BackendEvent[] = [
      { type: 'tool-call', id: 'a', name: 'get_weather', input: { $unparsed: json } },
    ]
    const chat = await over(mockProvider({ answers: [{ events }] }))
    await chat.sendMessage({ text: 'Weather?' })
    expect(chat.messages[1]?.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'tool-get_weather', state: 'output-error', rawInput: json },
    ])
  })

  it('sends images', async () => {
    const inner = mockProvider()
    const chat = await over(inner)
    const url = 'data:image/png;base64,AQID'
    await chat.sendMessage({ text: 'What is it?', files: [{ type: 'file', mediaType: 'image/png', url }] })
    expect(inner.requests[0]?.messages[0]?.content).toEqual([
      { type: 'image', data: 'AQID', mediaType: 'image/png' },
      { type: 'text', text: 'What is it?' },
    ])
  })

  it.each([
    ['with opaque state', { opaque: { provider: 'mock', data: { signature: 'x' } } }],
    ['without', {}],
  ])('shows files of an answer, and gives them back: %s', async (_, more) => {
    const content: Part[] = [
      { type: 'image', data: 'AQID', mediaType: 'image/png', ...more },
      { type: 'text', text: 'And a sound.', ...more },
      { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg', ...more },
    ]
    const events = content.map((part) => ({ type: 'part' as const, part }))
    const inner = mockProvider({ answers: [{ events }, 'Yes.'] })
    const chat = await over(inner)
    await chat.sendMessage({ text: 'Draw.' })
    expect(chat.messages[1]?.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AQID' },
      { type: 'text', text: 'And a sound.' },
      { type: 'file', mediaType: 'audio/mpeg', url: 'data:audio/mpeg;base64,AQID' },
    ])
    await chat.sendMessage({ text: 'Again.' })
    expect(inner.requests[1]?.messages[1]?.content).toEqual(content)
  })

  it('shows an error without details, or the text of onError, and keeps the answer so far', async () => {
    const failing = () =>
      mockProvider({
        retry: false,
        answers: [{ text: 'half', error: new LlmError('network', 'Cut at 10.0.0.7.') }],
      })
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const chat = await over(failing())
    await chat.sendMessage({ text: 'x' })
    expect(chat.error?.message).toBe('The answer failed. Try again.')
    expect(log.mock.calls).toMatchObject([[{ message: 'Cut at 10.0.0.7.' }]])
    expect(textOf(chat.messages[1] as UIMessage)).toBe('half')
    const discreet = await chatOver((messages) =>
      toResponse(failing().stream(fromUiMessages(messages)), {
        onError: (error) => `It failed (${(error as LlmError).code}).`,
      }),
    )
    await discreet.sendMessage({ text: 'x' })
    expect(discreet.error?.message).toBe('It failed (network).')
  })

  it('shows a tool error without details, or the text of toolError', async () => {
    const broken: Tool = { ...(tools[0] as Tool), run: () => Promise.reject(new Error('at 10.0.0.7')) }
    const texts: unknown[] = []
    for (const options of [{}, { toolError: (text: string) => text }]) {
      const inner = mockProvider({
        answers: [{ toolCalls: [{ id: 'a', name: 'get_weather', input: { city: 'Lima' } }] }, 'Well.'],
      })
      const chat = await chatOver((messages) =>
        toResponse(runTools(inner, { messages: fromUiMessages(messages), tools: [broken] }), options),
      )
      await chat.sendMessage({ text: 'x' })
      expect(chat.messages[1]?.parts[1]).toMatchObject({ state: 'output-error' })
      texts.push((chat.messages[1]?.parts[1] as { errorText?: string }).errorText)
    }
    expect(texts).toEqual(['The tool failed.', expect.stringContaining('at 10.0.0.7')])
  })

  it('gives back images of tools, and what a refusal is', async () => {
    const camera: Tool = {
      name: 'look',
      input: { type: 'object' },
      run: () => [{ type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' }],
    }
    const refusal: BackendEvent[] = [{ type: 'part', part: { type: 'refusal', text: 'I will not.' } }]
    const inner = mockProvider({
      answers: [{ toolCalls: [{ id: 'a', name: 'look', input: {} }] }, { events: refusal }, 'Yes.'],
    })
    const chat = await chatOver((messages) =>
      toResponse(runTools(inner, { messages: fromUiMessages(messages), tools: [camera] })),
    )
    await chat.sendMessage({ text: 'x' })
    await chat.sendMessage({ text: 'y' })
    expect(inner.requests[2]?.messages[2]?.content).toMatchObject([
      { type: 'tool-result', output: [{ type: 'image', data: 'AQID', mediaType: 'image/png' }] },
    ])
    expect(inner.requests[2]?.messages[3]?.content).toEqual([{ type: 'refusal', text: 'I will not.' }])
  })

  it('calls onFinish or onAbort of the route once', async () => {
    const calls: [name: string, value: unknown][] = []
    const options = {
      onFinish: (result: unknown) => calls.push(['finish', result]),
      onAbort: (error: unknown) => calls.push(['abort', error]),
      onError: (error: unknown) => `${calls.push(['error', error])}`,
    }
    const inner = mockProvider({ answers: ['Hello.', { text: 'one two', interval: 60_000 }] })
    const chat = await chatOver((messages, signal) =>
      toResponse(inner.stream(fromUiMessages(messages), { signal }), options),
    )
    await chat.sendMessage({ text: 'x' })
    expect(calls.splice(0)).toMatchObject([['finish', { text: 'Hello.' }]])
    const sending = chat.sendMessage({ text: 'y' })
    await expect.poll(() => chat.messages.length && textOf(chat.messages.at(-1) as UIMessage)).toBe('one ')
    await chat.stop()
    await sending
    await expect.poll(() => calls).toMatchObject([['abort', { partial: { text: 'one ' } }]])
    await expect.poll(() => inner.running).toBe(0)
    expect(calls).toHaveLength(1)
  })

  it('ends the call when it stops', async () => {
    const inner = mockProvider({ answers: [{ text: 'one two', interval: 60_000 }] })
    const chat = await over(inner)
    const sending = chat.sendMessage({ text: 'x' })
    await expect.poll(() => inner.running).toBe(1)
    await expect.poll(() => chat.messages.length).toBe(2)
    await chat.stop()
    await sending
    await expect.poll(() => inner.running).toBe(0)
  })
})

it('unknown options are refused with the right name', () => {
  const stream = mockProvider().stream('x')
  expect(() => toResponse(stream, { onerror: () => '' } as never)).toThrow(/Did you mean onError\?/)
  expect(() => toUiMessages([], { toolerror: () => '' } as never)).toThrow(/Did you mean toolError\?/)
  expect(() => toModelMessages([], { onwarning: () => {} } as never)).toThrow(/Did you mean onWarning\?/)
})

describe('messages that are none', () => {
  it.each([[undefined], [[{ role: 'user' }]]])('%j', (messages) => {
    expect(() => fromUiMessages(messages as never)).toThrow(LlmError)
  })
})
