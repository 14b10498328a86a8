// Answers over real HTTP: text and server-sent events, failures without details, clients that leave or read slowly.
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import * as z from 'zod'
import { type MockAnswer, mockProvider } from '../../../testing/src/mock.js'
import { type ChatStream, LlmError, runTools, streamElements, streamObject, tool } from '../index.js'
import { serverEvents } from '../wire/index.js'
import { type AnswerOptions, type NodeResponse, pipeTo, toSse, toTextResponse } from './index.js'

const secret = 'host 10.0.0.7 of account 4711'
const failing = (text: string): MockAnswer => ({ text, error: new LlmError('authentication', secret) })
const weather = tool({
  name: 'weather',
  input: z.object({ city: z.string() }),
  run: ({ city }) => `21 in ${city}`,
})
const asksWeather: MockAnswer = {
  toolCalls: [{ id: 'a', name: 'weather', input: { city: 'Lima' } }],
  finishReason: 'tool-calls',
}

// Failures without `onError` are written there.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The address of a server with this handler. */
async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The events of a response, with their data parsed. */
async function eventsOf(response: Response) {
  const events: { event: string; data: Record<string, unknown> | string }[] = []
  for await (const { event, data } of serverEvents(response.body as ReadableStream<Uint8Array>))
    events.push({ event, data: JSON.parse(data) })
  return events
}

describe('toTextResponse', () => {
  it('is the text of a stream, and asks nothing before it is read', async () => {
    const provider = mockProvider({ answers: ['Grüße aus Köln'] })
    const response = toTextResponse(provider.stream('x'), { status: 201, headers: { 'x-a': 'b' } })
    await new Promise((resolve) => setImmediate(resolve))
    expect(provider.requests).toEqual([])
    expect([response.status, response.headers.get('x-a')]).toEqual([201, 'b'])
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await response.text()).toBe('Grüße aus Köln')
  })

  it('is the text of all steps of a run', async () => {
    const provider = mockProvider({ answers: [{ ...asksWeather, text: 'Let me see. ' }, 'Sunny.'] })
    expect(await toTextResponse(runTools(provider, { messages: 'x', tools: [weather] })).text()).toBe(
      'Let me see. Sunny.',
    )
  })

  it('tells onFinish of the response or the result before it ends', async () => {
    const saved: unknown[] = []
    const onFinish = async (result: object) => {
      await new Promise((resolve) => setImmediate(resolve))
      saved.push('messages' in result ? (result.messages as unknown[]).length : result)
    }
    await toTextResponse(mockProvider({ answers: ['Hi'] }).stream('x'), { onFinish }).text()
    expect(saved.splice(0)).toMatchObject([{ text: 'Hi', finishReason: 'stop' }])
    const provider = mockProvider({ answers: [asksWeather, 'Sunny.'] })
    await toTextResponse(runTools(provider, { messages: 'x', tools: [weather] }), { onFinish }).text()
    expect(saved).toEqual([4])
  })

  it('breaks off when the answer fails or cannot be saved, tells onError why, and the client nothing', async () => {
    const cases: [answer: MockAnswer, onFinish: () => void][] = [
      [failing('Half of'), () => expect.unreachable()],
      ['All of it', () => Promise.reject(new Error(secret))],
    ]
    for (const [answer, onFinish] of cases) {
      const errors: unknown[] = []
      const onError = (error: unknown) => {
        errors.push(error)
        return 'Sorry.'
      }
      const stream = mockProvider({ answers: [answer], retry: false }).stream('x')
      await expect(toTextResponse(stream, { onFinish, onError }).text()).rejects.toThrow(/^Sorry\.$/)
      expect(errors).toMatchObject([{ message: expect.stringContaining(secret) }])
    }
    const stream = mockProvider({ answers: [failing('')], retry: false }).stream('x')
    const error = await toTextResponse(stream)
      .text()
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ message: 'The answer failed. Try again.' })
    expect(error).not.toHaveProperty('cause')
  })
})

describe('a response', () => {
  const kinds: ((stream: ChatStream, options?: AnswerOptions<unknown>) => Response)[] = [
    toTextResponse,
    toSse,
  ]

  it('may be made of a stream or run whose result is awaited too, also if it is read later', async () => {
    const provider = () => mockProvider({ answers: ['Hi'] })
    for (const turns of [0, 3]) {
      const framework = async (response: Response) => {
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
        return response
      }
      const stream = provider().stream('x')
      const answer = toTextResponse(stream)
      const response = stream.response()
      expect(await (await framework(answer)).text()).toBe('Hi')
      expect(await response).toMatchObject({ text: 'Hi' })
      const run = runTools(provider(), 'x')
      const result = run.result()
      expect((await eventsOf(await framework(toSse(run)))).at(-1)?.event).toBe('end')
      expect(await result).toMatchObject({ text: 'Hi' })
    }
  })

  it('of a stream or run that is already being read is refused at once', async () => {
    const stream = mockProvider({ answers: ['Hi'] }).stream('x')
    await stream.response()
    for (const to of kinds)
      expect(() => to(stream)).toThrow(/already being read.*loop before you await its response/)
  })

  it('of a stream whose response was asked for in the same turn has all of its text, as it comes', async () => {
    for (const to of kinds) {
      const stream = mockProvider({ answers: ['Hello to you'] }).stream('x')
      const response = stream.response()
      expect(await to(stream).text()).toContain('you')
      expect(await response).toMatchObject({ text: 'Hello to you' })
    }
  })

  it('has no other options', () => {
    const stream = mockProvider().stream('x')
    for (const to of kinds)
      expect(() => to(stream, { onfinish: () => {} } as never)).toThrow(
        /onfinish is not an option of to\w+\(\)\. Did you mean onFinish\?/,
      )
  })

  it('that is cancelled before it is read ends the call, and that is no failure', async () => {
    for (const to of kinds) {
      const errors: unknown[] = []
      const stream = mockProvider({ answers: ['Hi'] }).stream('x')
      const answer = to(stream, { onError: (error) => `${errors.push(error)}` })
      const failure = stream.response().catch((error) => error)
      await answer.body?.cancel()
      expect(await failure).toMatchObject({ code: 'aborted' })
      expect(errors).toEqual([])
    }
  })

  it('whose client leaves in the middle tells neither onFinish nor onError', async () => {
    const calls: unknown[] = []
    const options = {
      onFinish: (result: unknown) => calls.push(result),
      onError: (error: unknown) => `${calls.push(error)}`,
    }
    for (const delay of [0, 600_000]) {
      const provider = mockProvider({ answers: [{ text: 'One two', delay, interval: 600_000 }] })
      const reader = toTextResponse(provider.stream('x'), options).body?.getReader()
      if (delay === 0) await reader?.read()
      const pending = reader?.read()
      while (provider.running === 0) await new Promise((resolve) => setImmediate(resolve))
      await reader?.cancel()
      await pending
      while (provider.running > 0) await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(calls).toEqual([])
  })

  it('tells onAbort once of an answer that was aborted, by whomever, and of what had arrived', async () => {
    const settle = async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    type Abort = (by: {
      reader: ReadableStreamDefaultReader
      stream: ChatStream
      request: AbortController
    }) => unknown
    const ways: Abort[] = [
      ({ reader }) => reader.cancel(),
      ({ stream }) => stream.abort(),
      ({ request }) => request.abort(),
      // As frameworks do it: the signal of the request, then the body.
      ({ reader, request }) => [request.abort(), reader.cancel()],
      ({ reader, request }) => [reader.cancel(), request.abort()],
    ]
    for (const abort of ways)
      for (const to of kinds) {
        const calls: [name: string, value: unknown][] = []
        const request = new AbortController()
        const provider = mockProvider({ answers: [{ text: 'One two', interval: 600_000 }] })
        const stream = provider.stream('x', { signal: request.signal })
        const reader = to(stream, {
          onFinish: (result) => calls.push(['finish', result]),
          onAbort: (error) => calls.push(['abort', error]),
          onError: (error) => `${calls.push(['error', error])}`,
        }).body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
        for (let text = ''; !text.includes('One'); )
          text = new TextDecoder().decode((await reader.read()).value)
        const pending = reader.read().catch(() => {})
        await settle()
        void abort({ reader, stream, request })
        await pending
        await settle()
        expect(calls).toMatchObject([['abort', { code: 'aborted', partial: { text: 'One ' } }]])
        expect(provider.running).toBe(0)
      }
  })

  it('tells onAbort of the conversation of a run after its last complete step', async () => {
    const errors: LlmError[] = []
    const provider = mockProvider({ answers: [asksWeather, { text: 'Sunny there', interval: 600_000 }] })
    const run = runTools(provider, { messages: 'x', tools: [weather] })
    const reader = toTextResponse(run, { onAbort: (error) => errors.push(error) }).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(errors[0]?.messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
    expect(errors).toHaveLength(1)
  })

  it('tells onError of an answer whose onAbort failed', async () => {
    const errors: unknown[] = []
    const body = toTextResponse(mockProvider({ answers: ['One two'] }).stream('x'), {
      onAbort: () => Promise.reject(new Error('disk full')),
      onError: (error) => `${errors.push(error)}`,
    }).body
    await body?.cancel()
    expect(errors).toMatchObject([{ message: 'disk full' }])
  })

  it('tells onError of an answer that could not be saved after its client left', async () => {
    const errors: unknown[] = []
    let fail = () => {}
    const saving = new Promise<void>((_, reject) => {
      fail = () => reject(new Error('disk full'))
    })
    let isSaving = () => {}
    const begun = new Promise<void>((resolve) => {
      isSaving = resolve
    })
    const body = toTextResponse(mockProvider({ answers: ['Hi'] }).stream('x'), {
      onFinish: () => {
        isSaving()
        return saving
      },
      onError: (error) => `${errors.push(error)}`,
    }).body
    const reader = body?.getReader()
    await reader?.read()
    const pending = reader?.read()
    await begun
    await reader?.cancel()
    fail()
    await pending
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toMatchObject([{ message: 'disk full' }])
  })

  it('that fails without onError is told to the console, and to nobody else', async () => {
    const stream = mockProvider({ answers: [failing('Half')], retry: false }).stream('x')
    expect(await toSse(stream).text()).not.toContain(secret)
    expect(vi.spyOn(console, 'error').mock.calls).toMatchObject([
      [{ message: expect.stringContaining(secret) }],
    ])
  })

  it('keeps an error that onError throws from the client', async () => {
    const onError = () => {
      throw new Error(secret)
    }
    const stream = () => mockProvider({ answers: [failing('Half')], retry: false }).stream('x')
    await expect(toTextResponse(stream(), { onError }).text()).rejects.toThrow(
      /^The answer failed\. Try again\.$/,
    )
    expect((await eventsOf(toSse(stream(), { onError }))).at(-1)).toEqual({
      event: 'error',
      data: { message: 'The answer failed. Try again.' },
    })
  })
})

describe('toSse', () => {
  it('gives a page the events it needs, and the end', async () => {
    const provider = mockProvider({ answers: [asksWeather, 'Sunny there.'] })
    const response = toSse(runTools(provider, { messages: 'x', tools: [weather] }))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const events = await eventsOf(response)
    expect(events.map(({ event, data }) => event || (data as { type: string }).type)).toEqual([
      ...[
        'step-start',
        'start',
        'tool-call-start',
        'tool-call-delta',
        'tool-call',
        'finish',
        'tool-result',
        'step-end',
      ],
      ...['step-start', 'start', 'text', 'text', 'finish', 'step-end', 'end'],
    ])
    expect(events[1]?.data).toEqual({ type: 'start' })
    expect(events[6]?.data).toMatchObject({ output: '21 in Lima', isError: false })
    expect(events[12]?.data).toMatchObject({ type: 'finish', text: 'Sunny there.', finishReason: 'stop' })
    expect(JSON.stringify(events)).not.toMatch(/mock|"messages"|opaque/)
  })

  it('keeps errors of the call and of tools from the client', async () => {
    const broken = { ...weather, run: () => Promise.reject(new Error(secret)) }
    const provider = mockProvider({ answers: [asksWeather, failing('Well')], retry: false })
    const events = await eventsOf(toSse(runTools(provider, { messages: 'x', tools: [broken] })))
    expect(events.at(-1)).toEqual({ event: 'error', data: { message: 'The answer failed. Try again.' } })
    expect(events.find(({ data }) => (data as { type?: string }).type === 'tool-result')?.data).toMatchObject(
      {
        isError: true,
        output: 'The answer failed. Try again.',
      },
    )
    expect(JSON.stringify(events)).not.toContain('10.0.0.7')
  })

  it('sends values of streamObject and streamElements whole, also if they look like events', async () => {
    const looksLike = [
      { type: 'start', at: 5 },
      { type: 'finish', place: 'Lima' },
      { type: 'part', part: { opaque: 1 }, of: 'engine' },
      { type: 'step-end', step: 1, messages: ['a'] },
      { type: 'tool-result', isError: true, output: 'x', cause: 'y' },
    ]
    const any = z.looseObject({ type: z.string() })
    const list = mockProvider({ answers: [JSON.stringify({ value: looksLike })] })
    const elements = await eventsOf(toSse(streamElements(list, any, 'x')))
    expect(elements.map((one) => one.data)).toEqual([...looksLike, {}])
    for (const value of looksLike) {
      const provider = mockProvider({ answers: [JSON.stringify(value)] })
      const partials = await eventsOf(toSse(streamObject(provider, any, 'x')))
      expect(partials.at(-2)?.data).toEqual(value)
    }
  })

  it('sends bytes as base64, values of other runs as they are, and what `event` makes of an event', async () => {
    const data = Buffer.from([0, 1, 255])
    const part = {
      type: 'image' as const,
      data,
      mediaType: 'image/png',
      opaque: { provider: 'mock', data: 1 },
    }
    const [, image] = await eventsOf(
      toSse(mockProvider({ answers: [{ events: [{ type: 'part', part }] }] }).stream('x')),
    )
    expect(image?.data).toEqual({
      type: 'part',
      part: { type: 'image', data: 'AAH/', mediaType: 'image/png' },
    })
    const list = mockProvider({ answers: ['{"value": ["a\\n\\nb", "c"]}'] })
    const elements = await eventsOf(toSse(streamElements(list, z.string(), 'x')))
    expect(elements.map((one) => one.data)).toEqual(['a\n\nb', 'c', {}])
    const event = ({ type }: { type: string }) => (type === 'text' ? type : undefined)
    const own = await eventsOf(toSse(mockProvider({ answers: ['Hi'] }).stream('x'), { event }))
    expect(own.map((one) => one.data)).toEqual(['text', {}])
  })
})

describe('pipeTo', () => {
  it('sends status, headers and text', async () => {
    const url = await serve((_, res) => {
      void pipeTo(
        toTextResponse(mockProvider({ answers: ['Hello there'] }).stream('x'), { status: 202 }),
        res,
      )
    })
    const response = await fetch(url)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      202,
      'text/plain; charset=utf-8',
    ])
    expect(await response.text()).toBe('Hello there')
  })

  it('sends every cookie and the text of the status', async () => {
    const url = await serve((_, res) => {
      const headers = new Headers([
        ...['a=1; Path=/', 'b=2'].map((cookie) => ['set-cookie', cookie] as [string, string]),
      ])
      void pipeTo(new Response('x', { status: 418, statusText: 'Tea only', headers }), res)
    })
    const response = await fetch(url)
    expect([response.statusText, response.headers.getSetCookie()]).toEqual([
      'Tea only',
      ['a=1; Path=/', 'b=2'],
    ])
  })

  it('sends responses without a body, and with an empty one', async () => {
    const url = await serve(
      (req, res) => void pipeTo(new Response(req.url === '/null' ? null : '', { status: 404 }), res),
    )
    for (const path of ['/null', '/empty']) {
      const response = await fetch(url + path)
      expect([response.status, await response.text()]).toEqual([404, ''])
    }
  })

  it('sends an error without details: as a status before the first byte, as a broken body later', async () => {
    const url = await serve((req, res) => {
      const answer = failing(req.url === '/later' ? 'Half of' : '')
      void pipeTo(toTextResponse(mockProvider({ answers: [answer], retry: false }).stream('x')), res)
    })
    const early = await fetch(url)
    expect([early.status, await early.text()]).toEqual([500, 'The answer failed. Try again.'])
    const late = await fetch(`${url}/later`)
    expect(late.status).toBe(200)
    await expect(late.text()).rejects.toThrow()
  })

  it('ends the call of a client that leaves, before the first byte and in the middle', async () => {
    for (const delay of [600_000, 0]) {
      const provider = mockProvider({ answers: [{ text: 'One two three', delay, interval: 600_000 }] })
      const url = await serve((_, res) => void pipeTo(toTextResponse(provider.stream('x')), res))
      const request = get(url)
      request.on('error', () => {})
      if (delay === 0) {
        const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve))
        await new Promise((resolve) => response.once('data', resolve))
      } else while (provider.running === 0) await new Promise((resolve) => setImmediate(resolve))
      request.destroy()
      while (provider.running > 0) await new Promise((resolve) => setImmediate(resolve))
      expect(provider.requests).toHaveLength(1)
    }
  })

  it('waits for a client that reads slowly, and for none that has left', async () => {
    const listeners = new Map<string, () => void>()
    let written = 0
    const res = {
      headersSent: false as boolean,
      destroyed: false as boolean,
      statusMessage: '',
      writeHead: () => {
        res.headersSent = true
      },
      flushHeaders: () => {},
      write: () => ++written % 2 === 0,
      end: () => {},
      destroy: () => {},
      on: (event: string, listener: () => void) => listeners.set(event, listener),
      off: (event: string) => listeners.delete(event),
    } satisfies NodeResponse
    const provider = mockProvider({ answers: ['a b c d e f'] })
    const done = pipeTo(toTextResponse(provider.stream('x')), res)
    const settle = async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    await settle()
    expect(written).toBe(1)
    listeners.get('drain')?.()
    await settle()
    expect(written).toBe(3)
    res.destroyed = true
    listeners.get('close')?.()
    await done
    expect([written, provider.running, listeners.size]).toEqual([3, 0, 0])
  })
})
