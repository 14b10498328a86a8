// The types, as tests: right programs compile, wrong ones do not.
import { expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import type {
  AssistantMessage,
  CallOptions,
  ChatEvent,
  ChatRequest,
  ChatResponse,
  ElementOptions,
  LlmError,
  Message,
  ObjectOptions,
  Part,
  Provider,
  Tool,
  ToolLoopOptions,
  ToolRunOptions,
} from '../index.js'
import { generateObject, isLlmError, jsonSchema, runTools, streamObject, tool } from '../index.js'
import { type MapResult, map } from '../operations/map.js'
import type { mediaFeature, samplingOptions } from '../request/required-capabilities.js'
import type { SamplingOptions } from './request.js'

declare const provider: Provider

test('the capability check knows every option that steers an answer, and every kind of media', () => {
  expectTypeOf<(typeof samplingOptions)[number]>().toEqualTypeOf<
    keyof SamplingOptions | 'maxOutputTokens' | 'logprobs'
  >()
  type Plain = 'text' | 'reasoning' | 'refusal' | 'tool-call' | 'tool-result' | 'provider-block'
  expectTypeOf<keyof typeof mediaFeature>().toEqualTypeOf<Exclude<Part['type'], Plain>>()
})

test('a request is a string, messages, or an object', () => {
  expectTypeOf(provider.chat).toBeCallableWith('hi')
  expectTypeOf(provider.chat).toBeCallableWith(['hi', { role: 'assistant', content: [] }])
  expectTypeOf(provider.chat).toBeCallableWith({
    messages: 'hi',
    reasoning: { budgetTokens: 1 },
    output: { schema: z.object({}) },
  })
  // @ts-expect-error a number is no question
  void provider.chat(5)
  // @ts-expect-error there is no such role
  void provider.chat([{ role: 'robot', content: 'hi' }])
  // @ts-expect-error an option with a typo
  void provider.chat({ messages: 'hi', temprature: 1 })
})

test('an image has data and a type, or an address, not both', () => {
  expectTypeOf<{ type: 'image'; url: string }>().toExtend<Part>()
  expectTypeOf<{ type: 'image'; data: string; mediaType: string }>().toExtend<Part>()
  expectTypeOf<{ type: 'image'; data: string }>().not.toExtend<Part>()
  expectTypeOf<{ type: 'image'; data: string; mediaType: string; url: string }>().not.toExtend<Part>()
})

test('events are told apart by type', () => {
  const read = (event: ChatEvent) => {
    if (event.type === 'text') expectTypeOf(event.text).toBeString()
    if (event.type === 'finish') expectTypeOf(event.response).toEqualTypeOf<ChatResponse>()
    // @ts-expect-error only deltas have text
    event.text
  }
  expectTypeOf(read).toBeFunction()
})

test('an answer can be appended to a conversation', () => {
  expectTypeOf<ChatResponse['message']>().toEqualTypeOf<AssistantMessage>()
  expectTypeOf<AssistantMessage>().toExtend<Message>()
})

test('tools of different inputs live in one list', () => {
  const weather: Tool<{ city: string }> = {
    name: 'weather',
    input: z.object({ city: z.string() }),
    run: ({ city }) => city,
  }
  expectTypeOf<{ messages: string; tools: [typeof weather] }>().toExtend<ChatRequest>()
  // @ts-expect-error the schema does not give what run takes
  const wrong: Tool<{ city: string }> = { name: 'weather', input: z.object({ town: z.string() }) }
  expectTypeOf(wrong).toBeObject()
})

test('tool() knows the input of run from the schema', () => {
  const weather = tool({
    name: 'weather',
    input: z.object({ city: z.string(), days: z.string().transform(Number) }),
    run(input, { signal }) {
      expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    },
    needsApproval: ({ city }) => city === 'Lima',
  })
  const any = tool({
    name: 'any',
    input: { type: 'object' },
    run: (input) => expectTypeOf(input).toBeUnknown(),
  })
  expectTypeOf(runTools).toBeCallableWith(provider, { messages: 'x', tools: [weather, any] }, { maxSteps: 3 })
  // @ts-expect-error the schema has no such property
  tool({ name: 'x', input: z.object({ city: z.string() }), run: ({ town }) => town })
  // @ts-expect-error a tool has an input
  tool({ name: 'x', run: () => '' })
  // @ts-expect-error an option with a typo
  runTools(provider, 'x', { maxStep: 3 })
})

test('an object has the type of its schema, and a partial one may lack everything', async () => {
  const person = z.object({ name: z.string(), tags: z.array(z.object({ text: z.string() })) })
  const { object } = await generateObject(provider, person, 'Who?')
  expectTypeOf(object).toEqualTypeOf<{ name: string; tags: { text: string }[] }>()
  for await (const partial of streamObject(provider, person, 'Who?'))
    expectTypeOf(partial).toEqualTypeOf<{ name?: string; tags?: { text?: string }[] }>()
  const dated = z.object({
    at: z.string().transform((text) => new Date(text)),
    tags: z.string().array().default([]),
  })
  // What is there now is not transformed yet.
  for await (const partial of streamObject(provider, dated, 'When?'))
    expectTypeOf(partial).toEqualTypeOf<{ at?: string; tags?: string[] }>()
  expectTypeOf((await streamObject(provider, dated, 'When?')).object.at).toEqualTypeOf<Date>()
  expectTypeOf((await generateObject(provider, { type: 'object' }, 'x')).object).toBeUnknown()
  // @ts-expect-error a string is no schema
  void generateObject(provider, 'person', 'Who?')
})

test('a JSON Schema can name the type of its values', async () => {
  const city = jsonSchema<{ name: string }>({ type: 'object', properties: { name: { type: 'string' } } })
  expectTypeOf((await generateObject(provider, city, 'x')).object).toEqualTypeOf<{ name: string }>()
  tool({ name: 'city', input: city, run: (input) => expectTypeOf(input).toEqualTypeOf<{ name: string }>() })
  // @ts-expect-error the values have no such property
  tool({ name: 'city', input: city, run: ({ town }) => town })
})

test('map knows its rows and values', async () => {
  const results = await map(['a'], async (row, { index, signal }) => {
    expectTypeOf(row).toBeString()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    return index
  })
  expectTypeOf(results).toEqualTypeOf<MapResult<string, number>[]>()
  for await (const { value } of map(new Set([1]), String))
    expectTypeOf(value).toEqualTypeOf<string | undefined>()
})

test('a checked error knows its code', () => {
  const error: unknown = undefined
  if (isLlmError(error, 'timeout')) {
    expectTypeOf(error).toExtend<LlmError>()
    expectTypeOf(error.code).toEqualTypeOf<'timeout'>()
  }
  // @ts-expect-error there is no such code
  isLlmError(error, 'broken')
})

test('nothing public is any', () => {
  expectTypeOf<ChatResponse['output']>().toBeUnknown()
  expectTypeOf<ChatEvent>().not.toBeAny()
  expectTypeOf<Awaited<ReturnType<Provider['chat']>>>().not.toBeAny()
})

test('what goes on for several calls takes every option of a call, and knows which are its own', () => {
  expectTypeOf<Omit<ToolRunOptions, keyof ToolLoopOptions>>().toEqualTypeOf<Omit<CallOptions, never>>()
  expectTypeOf<Omit<ObjectOptions, 'repairs' | 'name'>>().toEqualTypeOf<Omit<CallOptions, never>>()
  expectTypeOf<Omit<ElementOptions, 'name'>>().toEqualTypeOf<Omit<CallOptions, never>>()
})
