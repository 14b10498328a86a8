// The types, as tests: right programs compile, wrong ones do not.
import { expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import type {
  AssistantMessage,
  ChatEvent,
  ChatRequest,
  ChatResponse,
  LlmError,
  Message,
  Part,
  Provider,
  Tool,
} from './index.js'
import { isLlmError } from './index.js'

declare const provider: Provider

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
