// Types that flow from schemas and tools into answers, events and results.
import { expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import type { ChatRequest, Provider, Tool, ToolCall, ToolContext } from '../index.js'
import { jsonSchema, runTools, tool } from '../index.js'

declare const provider: Provider

const weather = tool({
  name: 'weather',
  input: z.object({ city: z.string(), days: z.string().transform(Number) }),
  run: async ({ city }) => ({ city, degrees: 20 }),
})
const clock = tool({ name: 'clock', input: { type: 'object' }, run: () => '12:00' })

test('the output of a chat has the type of its schema', async () => {
  const schema = z.object({ name: z.string(), born: z.string().transform(Number) })
  const { output } = await provider.chat({ messages: 'x', output: { schema } })
  expectTypeOf(output).toEqualTypeOf<{ name: string; born: number } | undefined>()
  const typed = jsonSchema<{ name: string }>({ type: 'object' })
  const named = await provider.chat({ messages: 'x', output: { schema: typed, name: 'person' } })
  expectTypeOf(named.output).toEqualTypeOf<{ name: string } | undefined>()
  const streamed = await provider.stream({ messages: 'x', output: { schema } }).response()
  expectTypeOf(streamed.output?.born).toEqualTypeOf<number | undefined>()
  for await (const event of provider.stream({ messages: 'x', output: { schema } }))
    if (event.type === 'finish') expectTypeOf(event.response.output?.name).toEqualTypeOf<string | undefined>()
})

test('without a schema the output is unknown', async () => {
  expectTypeOf((await provider.chat('x')).output).toBeUnknown()
  expectTypeOf((await provider.chat({ messages: 'x', output: 'json' })).output).toBeUnknown()
  expectTypeOf((await provider.chat({ messages: 'x', output: { schema: {} } })).output).toBeUnknown()
  const request: ChatRequest = { messages: 'x' }
  expectTypeOf((await provider.chat(request)).output).toBeUnknown()
})

test('a wrong option beside an output is still refused', () => {
  // @ts-expect-error an option with a typo
  void provider.chat({ messages: 'x', output: { schema: z.object({}) }, temprature: 1 })
  // @ts-expect-error an option of the output with a typo
  void provider.chat({ messages: 'x', output: { schema: z.object({}), strct: true } })
  // @ts-expect-error zod's own method is no schema
  void provider.chat({ messages: 'x', output: { schema: z.object } })
})

test('a tool knows its name, input and result', () => {
  expectTypeOf(weather).toEqualTypeOf<
    Tool<{ city: string; days: number }, { city: string; degrees: number }, 'weather'>
  >()
  expectTypeOf(clock).toEqualTypeOf<Tool<unknown, string, 'clock'>>()
})

test('events and the result of a run are typed by the name of the tool', async () => {
  const run = runTools(provider, { messages: 'x', tools: [weather, clock] })
  for await (const event of run) {
    if (event.type !== 'tool-result' || event.isError) continue
    expectTypeOf(event.name).toEqualTypeOf<'weather' | 'clock'>()
    if (event.name === 'weather') {
      expectTypeOf(event.input).toEqualTypeOf<{ city: string; days: number }>()
      expectTypeOf(event.value).toEqualTypeOf<{ city: string; degrees: number }>()
    } else expectTypeOf(event.value).toBeString()
    // @ts-expect-error there is no such tool
    event.name === 'wether'
  }
  for (const { step, ...outcome } of (await run.result()).toolResults) {
    expectTypeOf(step).toBeNumber()
    if (outcome.isError) expectTypeOf(outcome.cause).toBeUnknown()
    else if (outcome.name === 'clock') expectTypeOf(outcome.value).toBeString()
  }
  const list: Tool[] = [weather, clock]
  const { toolResults } = await runTools(provider, { messages: 'x', tools: list })
  for (const outcome of toolResults) {
    expectTypeOf(outcome.name).toBeString()
    if (!outcome.isError) expectTypeOf(outcome.value).toBeUnknown()
  }
})

test('approve gets the checked input, typed by the name of the tool', () => {
  runTools(
    provider,
    { messages: 'x', tools: [weather, clock] },
    {
      approve: (call) => {
        expectTypeOf(call.id).toBeString()
        expectTypeOf(call.name).toEqualTypeOf<'weather' | 'clock'>()
        if (call.name === 'clock') expectTypeOf(call.input).toBeUnknown()
        else expectTypeOf(call.input).toEqualTypeOf<{ city: string; days: number }>()
        // @ts-expect-error there is no such tool
        return call.name === 'wether'
      },
    },
  )
  const list: Tool[] = [weather]
  const options = { approve: ({ name, input }: ToolCall) => name !== '' && input !== undefined }
  runTools(provider, { messages: 'x', tools: list }, options)
  runTools(provider, { messages: 'x', tools: [weather] }, options)
  runTools(
    provider,
    { messages: 'x', tools: list },
    {
      approve: ({ input }) => {
        expectTypeOf(input).toBeUnknown()
        return 'later'
      },
    },
  )
})

test('a run has the output of its schema', async () => {
  const schema = z.object({ plan: z.string() })
  const { response } = await runTools(provider, { messages: 'x', tools: [weather], output: { schema } })
  expectTypeOf(response?.output).toEqualTypeOf<{ plan: string } | undefined>()
})

test('a forced tool is one of those offered', () => {
  expectTypeOf(runTools).toBeCallableWith(provider, {
    messages: 'x',
    tools: [weather],
    toolChoice: { name: 'weather' },
  })
  // @ts-expect-error it is not offered
  runTools(provider, { messages: 'x', tools: [weather], toolChoice: { name: 'clock' } })
  // @ts-expect-error it is not offered
  void provider.chat({ messages: 'x', tools: [weather, clock], toolChoice: { name: 'wether' } })
  const name: string = 'weather'
  const list: Tool[] = [weather]
  void provider.chat({ messages: 'x', tools: list, toolChoice: { name } })
})

interface App {
  user: string
}
const mail = tool({
  name: 'mail',
  input: z.object({ text: z.string() }),
  run({ text }, { context }: ToolContext<App>) {
    expectTypeOf(text).toBeString()
    return `${context.user}: ${text}`
  },
})
const log = tool({
  name: 'log',
  input: z.object({}),
  run: (_, { context }: ToolContext<{ level: number }>) => context.level,
})

test('the context of a run is what its tools expect', () => {
  const request = { messages: 'x', tools: [mail, clock, log] }
  runTools(provider, { messages: 'x', tools: [mail, clock] }, { context: { user: 'ada' } })
  runTools(provider, { messages: 'x', tools: [mail, log] }, { context: { user: 'ada', level: 1 } })
  runTools(provider, { messages: 'x', tools: [clock] })
  runTools(provider, { messages: 'x', tools: [clock] }, { context: 'anything', maxSteps: 2 })
  // @ts-expect-error the tool needs a context
  runTools(provider, { messages: 'x', tools: [mail] })
  // @ts-expect-error the context has another form
  runTools(provider, { messages: 'x', tools: [mail] }, { context: { usr: 'ada' } })
  // @ts-expect-error the other tool needs a level
  runTools(provider, request, { context: { user: 'ada' } })
  // @ts-expect-error an option with a typo
  runTools(provider, { messages: 'x', tools: [clock] }, { maxStep: 3 })
})

test('tools that no service takes do not compile', () => {
  // @ts-expect-error a space
  tool({ name: 'my tool', input: z.object({}), run: () => '' })
  // @ts-expect-error a dot
  tool({ name: 'my.tool', input: z.object({}), run: () => '' })
  // @ts-expect-error no name
  tool({ name: '', input: z.object({}), run: () => '' })
  // @ts-expect-error an input that is no object
  tool({ name: 'x', input: z.string(), run: () => '' })
  // @ts-expect-error a result that JSON would make an empty object
  tool({ name: 'x', input: z.object({}), run: () => new Map([['a', 1]]) })
  // @ts-expect-error a result that JSON refuses
  tool({ name: 'x', input: z.object({}), run: async () => 10n })
  tool({ name: 'x', input: z.object({}), run: () => undefined })
  tool({ name: 'x', input: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]) })
  tool({ name: 'x', input: jsonSchema<{ a: string }>({ type: 'object' }), run: ({ a }) => a })
})

test('options may be undefined, as those of the environment are', () => {
  const { signal, temperature }: { signal?: AbortSignal | undefined; temperature?: number | undefined } = {}
  void provider.chat(
    { messages: 'x', temperature, system: process.env.SYSTEM },
    { signal, timeout: undefined },
  )
  void provider.embed({ input: 'x', dimensions: undefined })
  runTools(provider, 'x', { maxSteps: undefined, signal })
})
