// The agent loop: what the model gets, what the caller sees, and every way a tool can fail.
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { fakeClock } from '../../../testing/src/fake-clock.js'
import { type MockAnswer, mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import {
  type ChatRequest,
  LlmError,
  type Message,
  runTools,
  type Tool,
  type ToolRunEvent,
  type ToolRunOptions,
  tool,
} from '../index.js'

const weather = tool({
  name: 'weather',
  description: 'The weather in a city.',
  input: z.object({ city: z.string() }),
  run: ({ city }) => ({ city, degrees: 21 }),
})
const asks = (...names: string[]): MockAnswer => ({
  toolCalls: names.map((name, index) => ({ id: `c${index + 1}`, name, input: { city: 'Lima' } })),
  finishReason: 'tool-calls',
})

/** A run over these tools, whose model first answers with calls and then with a text. */
async function ran(
  tools: Tool[],
  options: ToolRunOptions = {},
  answers: MockAnswer[] = [asks('weather'), 'Sunny.'],
) {
  const provider = mockProvider({ answers })
  const events: ToolRunEvent[] = []
  const run = runTools(provider, { messages: 'Lima?', tools }, options)
  for await (const event of run) events.push(event)
  return { provider, events, result: await run.result() }
}

/** What the model is told of a single call. */
async function told(broken: Tool, options: ToolRunOptions = {}, input: unknown = {}): Promise<unknown> {
  const call = { toolCalls: [{ id: 'c1', name: broken.name, input }], finishReason: 'tool-calls' as const }
  const { provider } = await ran([broken], options, [call, 'Well.'])
  return provider.requests[1]?.messages.at(-1)?.content[0]
}

const plain = (run: Tool['run']): Tool => ({ name: 'it', input: { type: 'object' }, ...(run && { run }) })

describe('a run of tools', () => {
  it('asks, runs what is called, gives the results back, and ends with the answer', async () => {
    const { provider, events, result } = await ran([weather])
    expect(events.map(({ type }) => type)).toEqual([
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
      ...['step-start', 'start', 'text', 'finish', 'step-end'],
    ])
    expect(provider.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', id: 'c1', name: 'weather', output: '{"city":"Lima","degrees":21}' }],
    })
    expect(result).toMatchObject({ reason: 'answer', text: 'Sunny.', steps: 2, pending: [] })
    expect(result.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
    expect(result.usage.outputTokens).toBe(2)
  })

  it('gives a tool its signal, its id and the conversation', async () => {
    let seen: unknown
    await told({
      ...plain(undefined),
      run(input, { id, signal, messages }) {
        seen = {
          input,
          id,
          aborted: signal.aborted,
          roles: messages.map(({ role }) => role),
          self: this.name,
        }
        return ''
      },
    })
    expect(seen).toEqual({ input: {}, id: 'c1', aborted: false, roles: ['user', 'assistant'], self: 'it' })
  })

  it('runs calls side by side, up to the limit, and keeps their order in the conversation', async () => {
    let running = 0
    let peak = 0
    const finish: (() => void)[] = []
    const slow = plain(async (_, { id }) => {
      peak = Math.max(peak, ++running)
      await new Promise<void>((resolve) => finish.push(resolve))
      running--
      return id
    })
    const run = ran([slow], { concurrency: 2 }, [asks('it', 'it', 'it'), 'Done.'])
    for (let at = 0; at < 3; at++) {
      while (finish.length === 0) await new Promise((resolve) => setImmediate(resolve))
      // The last to begin ends first.
      finish.pop()?.()
    }
    const { provider, events } = await run
    expect(peak).toBe(2)
    expect(events.flatMap((event) => (event.type === 'tool-result' ? [event.call.id] : []))).not.toEqual([
      'c1',
      'c2',
      'c3',
    ])
    expect(provider.requests[1]?.messages.at(-1)?.content.map((part) => 'id' in part && part.id)).toEqual([
      'c1',
      'c2',
      'c3',
    ])
  })

  it.each<[what: string, tool: Tool, output: RegExp]>([
    [
      'throws',
      plain(() => {
        throw new Error('No network')
      }),
      /^it failed: No network$/,
    ],
    [
      'rejects',
      plain(async () => {
        throw 'a word'
      }),
      /^it failed: a word$/,
    ],
    [
      'returns a cycle',
      plain(() => {
        const cycle: unknown[] = []
        cycle.push(cycle)
        return cycle
      }),
      /^it failed: .*circular/i,
    ],
    ['returns a function', plain(() => () => {}), /gave a function, which is not JSON/],
    ['returns 10 MB', plain(() => 'x'.repeat(10_000_000)), /has 10000000 characters; at most 200000 fit/],
    ['wants other input', weather as Tool, /does not fit its schema: city: .*string/],
  ])('tells the model of a tool that %s', async (_, broken, output) => {
    expect(await told(broken)).toMatchObject({ isError: true, output: expect.stringMatching(output) })
  })

  it('tells the model of a tool that does not exist, and of input that is not JSON', async () => {
    const { provider } = await ran([weather], {}, [asks('wether'), 'Well.'])
    expect(provider.requests[1]?.messages.at(-1)?.content[0]).toMatchObject({
      isError: true,
      output: 'There is no tool named wether. The tools are: weather.',
    })
    expect(await told(weather as Tool, {}, { $unparsed: '{"city' })).toMatchObject({
      output: expect.stringContaining('is not JSON'),
    })
  })

  it('passes nothing, strings and parts on as they are', async () => {
    expect(await told(plain(() => undefined))).toMatchObject({ output: 'Done.' })
    expect(await told(plain(() => 'text'))).toMatchObject({ output: 'text' })
    const parts = [{ type: 'text', text: 'a' }]
    expect(await told(plain(() => parts))).toMatchObject({ output: parts })
    expect(await told(plain(() => []))).toMatchObject({ output: '[]' })
  })

  it('ends a tool that hangs, by its own limit or that of the run, and aborts its signal', async () => {
    for (const timeout of [undefined, 50]) {
      const clock = fakeClock()
      let signal: AbortSignal | undefined
      const hangs = {
        ...plain((_, context) => {
          signal = context.signal
          return new Promise(() => {})
        }),
        ...(timeout && { timeout }),
      }
      const run = told(hangs, { clock, toolTimeout: 1000 })
      while (signal === undefined) await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(timeout ?? 1000)
      expect(await run).toMatchObject({
        isError: true,
        output: `it failed: it took longer than ${timeout ?? 1000} ms`,
      })
      expect(signal.aborted).toBe(true)
      expect(clock.pending).toBe(0)
    }
  })

  it('fails with tool-failed when told to, and ends the other tools', async () => {
    let other: AbortSignal | undefined
    const waits: Tool = {
      ...plain((_, { signal }) => {
        other = signal
        return new Promise(() => {})
      }),
      name: 'waits',
    }
    const fails = {
      ...plain(() => {
        throw new Error('Broken')
      }),
      name: 'fails',
    }
    const error = await failureOf(ran([waits, fails], { onToolError: 'throw' }, [asks('waits', 'fails')]))
    expect(error).toMatchObject({ code: 'tool-failed', message: expect.stringContaining('Broken') })
    expect((error.cause as Error).message).toBe('Broken')
    expect(other?.aborted).toBe(true)
  })

  it('refuses two tools of one name before the wire', async () => {
    expect(await failureOf(ran([weather, weather]))).toMatchObject({ code: 'invalid-request' })
  })

  it('forces a call once: what comes after its results is free', async () => {
    const provider = mockProvider({ answers: [asks('weather'), 'Sunny.'] })
    const toolChoice = 'required' as const
    await runTools(provider, { messages: 'Lima?', tools: [weather], toolChoice }).result()
    expect(provider.requests.map((request) => request.toolChoice)).toEqual(['required', undefined])
  })

  it.each([
    'tools',
    'a choice',
  ])('forces a call once, also where the provider forces it by its defaults: %s', async (of) => {
    const defaults = { toolChoice: 'required' as const, ...(of === 'tools' && { tools: [weather as Tool] }) }
    const provider = mockProvider({ answers: [asks('weather'), 'Sunny.'], defaults })
    const request = { messages: 'Lima?', ...(of !== 'tools' && { tools: [weather] }) }
    const result = await runTools(provider, request).result()
    expect(result).toMatchObject({ reason: 'answer', text: 'Sunny.', steps: 2 })
    expect(provider.requests.map((request) => request.toolChoice)).toEqual(['required', 'auto'])
  })

  it.each([
    'length',
    'refusal',
    'content-filter',
  ] as const)('does not call an answer that ended by %s an answer, and keeps what there is', async (finishReason) => {
    const { result } = await ran([weather], {}, [{ text: 'It is', finishReason }])
    expect(result).toMatchObject({ reason: finishReason, text: 'It is', steps: 1, pending: [] })
    expect(result.messages.at(-1)).toMatchObject({ role: 'assistant' })

    // Complete calls of such an answer are not run; the app can continue with them.
    const calls = { toolCalls: [{ id: 'c1', name: 'weather', input: { city: 'Lima' } }], finishReason }
    const cut = await ran([weather], {}, [calls])
    expect(cut.result).toMatchObject({ reason: finishReason, pending: [{ id: 'c1' }] })
    const other = mockProvider({ answers: ['Sunny.'] })
    const went = await runTools(other, { messages: cut.result.messages, tools: [weather] }).result()
    expect(went).toMatchObject({ reason: 'answer', text: 'Sunny.', steps: 1 })
  })

  it('ends at its limit of steps with the calls still open', async () => {
    const { provider, result } = await ran([weather], { maxSteps: 2 }, [
      asks('weather'),
      asks('weather'),
      'Never.',
    ])
    expect(result).toMatchObject({ reason: 'max-steps', steps: 2, pending: [{ name: 'weather' }] })
    expect(provider.requests).toHaveLength(2)
  })

  it('ends where the app says so', async () => {
    const { result } = await ran([weather], { stopWhen: ({ response }) => response.toolCalls.length > 0 })
    expect(result).toMatchObject({ reason: 'stopped', steps: 1, pending: [{ id: 'c1' }] })
  })

  it('waits for stopWhen', async () => {
    const stopWhen = async ({ step }: { step: number }) => step === 2
    const { result } = await ran([weather], { stopWhen }, [asks('weather'), asks('weather'), 'Never.'])
    expect(result).toMatchObject({ reason: 'stopped', steps: 2 })
  })

  it('ends when its caller aborts, in the middle of a tool, whose signal says so', async () => {
    const controller = new AbortController()
    let signal: AbortSignal | undefined
    const hangs = plain((_, context) => {
      signal = context.signal
      controller.abort()
      return new Promise(() => {})
    })
    const error = await failureOf(ran([hangs], { signal: controller.signal }, [asks('it')]))
    expect(error).toMatchObject({ code: 'aborted', partial: { finishReason: 'tool-calls' } })
    expect(signal?.aborted).toBe(true)
  })

  it('goes on when a loop waits for result(), and the loop gets every event', async () => {
    const run = runTools(mockProvider({ answers: [asks('weather'), 'Sunny.'] }), {
      messages: 'x',
      tools: [weather],
    })
    let events = 0
    for await (const { type } of run) {
      events++
      if (type === 'tool-result') expect(await run.result()).toMatchObject({ text: 'Sunny.' })
    }
    expect(events).toBe(13)
    const left = runTools(mockProvider(), 'x')
    await left[Symbol.asyncIterator]().return?.()
    expect(await failureOf(left.result())).toMatchObject({ code: 'aborted' })
  })

  it('ends with its reader, whose tools hear of it', async () => {
    const signals: AbortSignal[] = []
    const quick = plain((_, { signal }) => {
      signals.push(signal)
      return ''
    })
    const slow: Tool = {
      ...plain((_, { signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      }),
      name: 'slow',
    }
    const run = runTools(mockProvider({ answers: [asks('slow', 'it')] }), {
      messages: 'x',
      tools: [quick, slow],
    })
    for await (const { type } of run) if (type === 'tool-result') break
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(await failureOf(run.result())).toMatchObject({ code: 'aborted' })
    expect(
      await failureOf(
        (async () => {
          for await (const _ of run);
        })(),
      ),
    ).toMatchObject({ code: 'invalid-request' })
  })
})

describe('the result of a run', () => {
  it('lists failed tool calls with their causes, and no others', async () => {
    const bug = new ReferenceError('citty is not defined')
    const broken: Tool = {
      name: 'broken',
      input: { type: 'object' },
      run: () => {
        throw bug
      },
    }
    const unknown = asks('nobody')
    const { result } = await ran([weather, broken], {}, [asks('weather', 'broken'), unknown, 'Well.'])
    expect(result.failures).toMatchObject([
      {
        step: 1,
        call: { id: 'c2', name: 'broken' },
        isError: true,
        output: 'broken failed: citty is not defined',
      },
      { step: 2, call: { name: 'nobody' }, isError: true },
    ])
    expect(result.failures[0]?.cause).toBe(bug)
  })

  it('has the cost of all answers, if each has one', async () => {
    const priced = (...costs: (number | undefined)[]) =>
      costs.map((cost, index): MockAnswer => {
        const last = index === costs.length - 1
        const finishReason = last ? 'stop' : 'tool-calls'
        return {
          events: [
            ...(last
              ? [{ type: 'text' as const, text: 'Sunny.' }]
              : [{ type: 'tool-call' as const, id: 'c', name: 'weather', input: { city: 'Lima' } }]),
            { type: 'finish', response: { finishReason, ...(cost !== undefined && { cost }) } },
          ],
        }
      })
    expect((await ran([weather], {}, priced(0.25, 0.5))).result.cost).toBe(0.75)
    expect((await ran([weather], {}, priced(0.25, undefined))).result).not.toHaveProperty('cost')
  })
})

describe('approval', () => {
  const risky = tool({
    ...weather,
    input: z.object({ city: z.string() }),
    needsApproval: ({ city }) => city === 'Lima',
  })

  it('lets a call run, denies it with a reason, or asks only where the tool says so', async () => {
    const asked: unknown[] = []
    const { result } = await ran([risky], { approve: (call) => asked.push(call) > 0 })
    expect(asked).toEqual([{ id: 'c1', name: 'weather', input: { city: 'Lima' } }])
    expect(result.reason).toBe('answer')

    const filled = tool({
      name: 'weather',
      input: z.object({ city: z.string(), days: z.int().default(3) }),
      needsApproval: () => true,
      run: ({ days }) => days,
    })
    const approved: unknown[] = []
    const { toolResults } = await runTools(
      mockProvider({ answers: [{ toolCalls: [{ name: 'weather', input: { city: 'Lima', all: 1 } }] }, 'x'] }),
      { messages: 'x', tools: [filled] },
      { approve: ({ input }) => approved.push(input) > 0 },
    )
    // What runs is what was approved.
    expect(approved).toEqual([{ city: 'Lima', days: 3 }])
    expect(toolResults).toMatchObject([{ value: 3, call: { input: { city: 'Lima', all: 1 } } }])
    const { provider } = await ran([risky], { approve: () => ({ deny: 'Not today.' }) })
    expect(provider.requests[1]?.messages.at(-1)?.content[0]).toMatchObject({
      isError: true,
      output: 'Not today.',
    })
  })

  it('leaves calls open that wait, runs the others, and goes on from the messages, with another provider', async () => {
    const free: Tool = { ...plain(() => 'free'), name: 'free' }
    const first = await ran([risky, free], {}, [asks('weather', 'free')])
    expect(first.result).toMatchObject({ reason: 'pending', pending: [{ id: 'c1', name: 'weather' }] })

    const messages: Message[] = JSON.parse(JSON.stringify(first.result.messages))
    const other = mockProvider({ provider: 'other', answers: ['Sunny.'] })
    const request: ChatRequest = { messages, tools: [risky, free] }
    const result = await runTools(other, request, { approve: () => true }).result()
    expect(result).toMatchObject({ reason: 'answer', text: 'Sunny.', steps: 1 })
    expect(other.requests[0]?.messages.at(-1)?.content).toMatchObject([
      { id: 'c1', output: '{"city":"Lima","degrees":21}' },
      { id: 'c2', output: 'free' },
    ])
  })

  it('does not wait for somebody who has left', async () => {
    const controller = new AbortController()
    const approve = () => {
      controller.abort()
      return new Promise<boolean>(() => {})
    }
    expect(await failureOf(ran([risky], { approve, signal: controller.signal }))).toMatchObject({
      code: 'aborted',
    })
  })

  it.each([
    ['the abort of its signal', 'aborted', () => ({ signal: AbortSignal.timeout(100) })],
    ['the time of a call', 'timeout', () => ({ timeout: 100 })],
  ] as const)('does not wait beyond %s for a stopWhen that never answers', async (_, code, options) => {
    const stopWhen = () => new Promise<boolean>(() => {})
    const error = await failureOf(ran([], { stopWhen, ...options() }, ['Done.']))
    expect(error).toMatchObject({ code, partial: { text: 'Done.' } })
    expect(error.messages).toHaveLength(2)
  })

  it('leaves the call of a tool without run to the app', async () => {
    const { result } = await ran([plain(undefined)], {}, [asks('it')])
    expect(result).toMatchObject({ reason: 'pending', pending: [{ name: 'it' }] })
  })
})

it('can go on from the messages of any step', async () => {
  const answers = () => [asks('weather'), asks('weather'), 'Sunny.']
  const { events, result } = await ran([weather], {}, answers())
  const steps = events.flatMap((event) => (event.type === 'step-end' ? [event] : []))
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3])
  for (const { step, messages } of steps.slice(0, 2)) {
    const rest = mockProvider({ answers: answers().slice(step) })
    const resumed = await runTools(rest, {
      messages: JSON.parse(JSON.stringify(messages)),
      tools: [weather],
    }).result()
    expect(resumed.messages).toEqual(result.messages)
  }
})

it('that fails reports its conversation so far, and can be continued from it', async () => {
  const answers = [asks('weather'), new LlmError('server-error', 'Broken.')]
  const broken = mockProvider({ answers, retry: false })
  const error = await failureOf(runTools(broken, { messages: 'Lima?', tools: [weather] }).result())
  expect(error).toMatchObject({ code: 'server-error', message: 'Broken.' })
  expect(error.messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  const other = mockProvider({ answers: ['Sunny.'] })
  const result = await runTools(other, { messages: error.messages ?? [], tools: [weather] }).result()
  expect(result).toMatchObject({ text: 'Sunny.', steps: 1 })
})

it.each([5, null, [undefined], { messages: undefined }])('refuses %j as a request', async (request) => {
  const error = await failureOf(runTools(mockProvider(), request as never).result())
  expect(error).toMatchObject({ code: 'invalid-request' })
})

it('that ends between the tools of a step keeps what they have done', async () => {
  const controller = new AbortController()
  let done = 0
  const quick = plain(() => `done ${++done}`)
  const hangs: Tool = { ...plain(() => new Promise(() => {})), name: 'hangs' }
  const run = runTools(
    mockProvider({ answers: [asks('it', 'hangs')] }),
    { messages: 'x', tools: [quick, hangs] },
    { signal: controller.signal },
  )
  const error = await failureOf(
    (async () => {
      for await (const { type } of run) if (type === 'tool-result') controller.abort()
    })(),
  )
  expect(error).toMatchObject({
    code: 'aborted',
    messages: [{}, {}, { role: 'tool', content: [{ id: 'c1' }] }],
  })
  const slow: Tool = { ...hangs, run: () => 'at last' }
  const other = mockProvider({ answers: ['Well.'] })
  await runTools(other, { messages: error.messages ?? [], tools: [quick, slow] }).result()
  expect(other.requests[0]?.messages.at(-1)?.content).toMatchObject([
    { output: 'done 1' },
    { output: 'at last' },
  ])
})

it.each<[string, Tool, ToolRunOptions]>([
  [
    'needsApproval',
    {
      ...plain(() => ''),
      needsApproval: () => {
        throw new Error('Oh')
      },
    },
    {},
  ],
  [
    'approve',
    { ...plain(() => ''), needsApproval: () => true },
    {
      approve: () => {
        throw new Error('Oh')
      },
    },
  ],
  [
    'stopWhen',
    plain(() => ''),
    {
      stopWhen: () => {
        throw new Error('Oh')
      },
    },
  ],
])('whose %s throws is one typed error with the conversation', async (_, broken, options) => {
  const error = await failureOf(ran([broken], options, [asks('it')]))
  expect(error).toMatchObject({ code: 'tool-failed', message: expect.stringMatching(/callback.*Oh/) })
  expect(error.messages).toHaveLength(2)
})

it.each([
  { maxSteps: 0 },
  { concurrency: Number.NaN },
  { toolTimeout: -1 },
])('refuses %j', async (options) => {
  expect(await failureOf(ran([weather], options))).toMatchObject({ code: 'invalid-request' })
})
