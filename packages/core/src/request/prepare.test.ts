// From callers' requests to backends': nothing dropped unsaid, everything wrong named by its path.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { isLlmError } from '../contract/errors.js'
import type { Message } from '../contract/message.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import { prepare } from './prepare.js'

const prepared = async (input: ChatInput, defaults: Partial<ChatRequest> = {}) =>
  (await prepare(input, defaults, 'p')).chat
const texts = async (input: ChatInput) =>
  (await prepared(input)).messages.map(({ role, content }) => [
    role,
    content.map((part) => ('text' in part ? part.text : part.type)).join('|'),
  ])

async function problem(input: unknown): Promise<string> {
  try {
    await prepare(input as ChatInput, {}, 'p')
  } catch (error) {
    if (isLlmError(error, 'invalid-request')) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('messages', () => {
  it('may be a string, a list, or a request', async () => {
    expect(await texts('hi')).toEqual([['user', 'hi']])
    expect(await texts(['hi', { role: 'assistant', content: 'yes?' }, 'bye'])).toEqual([
      ['user', 'hi'],
      ['assistant', 'yes?'],
      ['user', 'bye'],
    ])
    expect(await texts({ system: 'Be brief.', messages: 'hi' })).toEqual([
      ['system', 'Be brief.'],
      ['user', 'hi'],
    ])
  })

  it('for the eyes of the user only are never sent', async () => {
    expect(
      await texts([
        { role: 'assistant', content: 'secret', visibility: 'user' },
        { role: 'user', content: 'a', visibility: 'model' },
        { role: 'user', content: 'b', visibility: 'both' },
      ]),
    ).toEqual([
      ['user', 'a'],
      ['user', 'b'],
    ])
  })

  it('lose parts that say nothing, and turns in which nothing was said', async () => {
    expect(
      await texts([
        {
          role: 'user',
          content: [
            { type: 'text', text: '' },
            { type: 'text', text: 'a' },
          ],
        },
        { role: 'assistant', content: '' },
        'b',
      ]),
    ).toEqual([
      ['user', 'a'],
      ['user', 'b'],
    ])
  })

  it('keep empty reasoning that carries state, cache breakpoints and hidden state', async () => {
    const opaque = { provider: 'p', data: 'redacted' }
    const { messages } = await prepared([
      { role: 'user', content: 'a', cache: { ttl: '1h' } },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: '', opaque },
          { type: 'text', text: 'b' },
        ],
      },
      'c',
    ])
    expect(messages[0]).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'a' }],
      cache: { ttl: '1h' },
    })
    expect(messages[1]?.content[0]).toEqual({ type: 'reasoning', text: '', opaque })
  })

  it('law: any text comes through as it is, or with lone surrogates replaced and a warning', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
        const { chat, warnings } = await prepare(text, {}, 'p')
        expect(chat.messages[0]?.content).toEqual([{ type: 'text', text: text.toWellFormed() }])
        expect(warnings.map(({ feature }) => feature)).toEqual(text.isWellFormed() ? [] : ['unicode'])
      }),
    ))

  it('have the type their bytes have, where these say it plainly', async () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)
    const page = Buffer.from('<!DOCTYPE html><title>Not found</title>').toString('base64')
    const { chat, warnings } = await prepare(
      [
        {
          role: 'user',
          content: [
            { type: 'image', data: jpeg, mediaType: 'image/png' },
            { type: 'image', data: jpeg, mediaType: 'image/jpeg' },
            { type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/x-own' },
            { type: 'file', data: page, mediaType: 'text/plain' },
          ],
        },
      ],
      {},
      'p',
    )
    expect(chat.messages[0]?.content.map((part) => 'mediaType' in part && part.mediaType)).toEqual([
      'image/jpeg',
      'image/jpeg',
      'image/x-own',
      'text/plain',
    ])
    expect(warnings).toMatchObject([
      { code: 'repaired', feature: 'mediaType', message: expect.stringContaining('[0]') },
    ])
    for (const part of [
      { type: 'image', data: page, mediaType: 'image/png' },
      { type: 'image', data: Buffer.from('%PDF-1.7 and more of it'), mediaType: 'image/png' },
      { type: 'file', data: page, mediaType: 'application/pdf' },
    ])
      expect(await problem([{ role: 'user', content: [part] }])).toContain(
        'messages[0].content[0].data is no',
      )
  })

  it('take data URLs apart', async () => {
    const { messages } = await prepared([
      {
        role: 'user',
        content: [
          { type: 'image', url: 'data:image/png;charset=x;base64,AAAA' },
          { type: 'image', data: 'data:image/gif;base64,BBBB', mediaType: 'image/png' },
          { type: 'image', url: 'https://example.com/a.png' },
        ],
      },
    ])
    expect(messages[0]?.content).toEqual([
      { type: 'image', data: 'AAAA', mediaType: 'image/png' },
      { type: 'image', data: 'BBBB', mediaType: 'image/gif' },
      { type: 'image', url: 'https://example.com/a.png' },
    ])
  })

  it.each<[unknown, string]>([
    [undefined, 'request'],
    [5, 'request'],
    [{}, 'messages'],
    [{ messages: 7 }, 'messages'],
    [[], 'messages'],
    [[''], 'messages[0]'],
    [[{ role: 'system', content: 'only this' }], 'messages'],
    [[{ role: 'robot', content: 'hi' }], 'messages[0]'],
    [[null], 'messages[0]'],
    [[{ role: 'user' }], 'messages[0].content'],
    [
      [{ role: 'user', content: [{ type: 'tool-call', id: '1', name: 'x', input: {} }] }],
      'messages[0].content[0]',
    ],
    [[{ role: 'user', content: [{ type: 'hologram' }] }], 'messages[0].content[0]'],
    [[{ role: 'user', content: [{ type: 'text' }] }], 'messages[0].content[0].text'],
    [[{ role: 'user', content: [{ type: 'image', data: '' }] }], 'messages[0].content[0].data'],
    [[{ role: 'user', content: [{ type: 'image', data: 'AAAA' }] }], 'messages[0].content[0].mediaType'],
    [
      [{ role: 'user', content: [{ type: 'image', data: 'no base64!', mediaType: 'image/png' }] }],
      'messages[0].content[0].data',
    ],
    [[{ role: 'user', content: [{ type: 'image', url: '/a.png' }] }], 'messages[0].content[0].url'],
    [
      [{ role: 'user', content: [{ type: 'file', url: 'data:text/plain,hi' }] }],
      'messages[0].content[0].url',
    ],
    [[{ role: 'tool', content: 'sunny' }], 'messages[0].content'],
    [{ messages: 'hi', system: 5 }, 'system'],
    [{ messages: 'hi', temperature: -1 }, 'temperature'],
    [{ messages: 'hi', temperature: Number.NaN }, 'temperature'],
    [{ messages: 'hi', temperature: '1' }, 'temperature'],
    [{ messages: 'hi', topP: 1.1 }, 'topP'],
    [{ messages: 'hi', topK: 1.5 }, 'topK'],
    [{ messages: 'hi', maxOutputTokens: 0 }, 'maxOutputTokens'],
    [{ messages: 'hi', seed: 0.5 }, 'seed'],
    [{ messages: 'hi', presencePenalty: 3 }, 'presencePenalty'],
    [{ messages: 'hi', stop: [''] }, 'stop'],
    [{ messages: 'hi', stop: 'x' }, 'stop'],
    [{ messages: 'hi', reasoning: { budgetTokens: -1 } }, 'reasoning.budgetTokens'],
    [{ messages: 'hi', output: 'xml' }, 'output'],
    [{ messages: 'hi', toolChoice: 'required' }, 'toolChoice'],
    [{ messages: 'hi', tools: [{ name: 'a b', input: {} }] }, 'tools[0].name'],
    [
      {
        messages: 'hi',
        tools: [
          { name: 'a', input: {} },
          { name: 'a', input: {} },
        ],
      },
      'tools[1].name',
    ],
    [{ messages: 'hi', tools: [{ name: 'a', input: 'x' }] }, 'tools[0].input'],
    [{ messages: 'hi', tools: [{ name: 'a', input: {} }], toolChoice: { name: 'b' } }, 'toolChoice'],
  ])('that are wrong are refused with their path: %j', async (input, path) => {
    expect(await problem(input)).toMatch(new RegExp(`^${path.replace(/[[\].]/g, '\\$&')}[ :]`))
  })

  it('of a tool result may hold media, but no more calls', async () => {
    const call: Message = {
      role: 'assistant',
      content: [{ type: 'tool-call', id: '1', name: 'see', input: {} }],
    }
    const image = { type: 'image', data: 'AAAA', mediaType: 'image/png' } as const
    const { messages } = await prepared([
      'x',
      call,
      { role: 'tool', content: [{ type: 'tool-result', id: '1', output: [image] }] },
    ])
    expect(messages[2]?.content).toEqual([{ type: 'tool-result', id: '1', name: 'see', output: [image] }])
    expect(
      await problem([
        'x',
        call,
        {
          role: 'tool',
          content: [
            { type: 'tool-result', id: '1', output: [{ type: 'tool-call', id: '2', name: 'x', input: {} }] },
          ],
        },
      ]),
    ).toContain('messages[2].content[0].output[0]')
    expect(
      await problem([
        'x',
        call,
        { role: 'tool', content: [{ type: 'tool-result', id: '1', output: { a: 1 } }] },
      ]),
    ).toContain('JSON.stringify')
  })
})

describe('options', () => {
  it('of the provider stand where the request says nothing, and provider options are merged by name', async () => {
    const chat = await prepared(
      {
        messages: 'hi',
        topP: undefined,
        seed: 1,
        providerOptions: { p: { a: 1 }, q: { z: 1 } },
      } as unknown as ChatRequest,
      { topP: 0.5, seed: 2, providerOptions: { p: { a: 0, b: 2 } } },
    )
    expect(chat).toMatchObject({ topP: 0.5, seed: 1, providerOptions: { a: 1, b: 2 } })
  })

  it('that were not given are absent, not undefined', async () => {
    expect(Object.keys(await prepared('hi')).sort()).toEqual(['messages', 'providerOptions', 'tools'])
  })

  it('turn schemas into JSON Schema, from zod or as they are', async () => {
    const chat = await prepared({
      messages: 'hi',
      output: { schema: z.object({ age: z.int() }), name: 'person' },
      tools: [
        { name: 'a', description: 'A.', input: z.object({ city: z.string() }) },
        { name: 'b', input: { type: 'object' } },
      ],
    })
    expect(chat.output).toMatchObject({ name: 'person', schema: { type: 'object', required: ['age'] } })
    expect(chat.tools).toMatchObject([
      { name: 'a', description: 'A.', schema: { properties: { city: { type: 'string' } } } },
      { name: 'b', schema: { type: 'object' } },
    ])
    expect(await problem({ messages: 'hi', output: { schema: z.object({ at: z.date() }) } })).toContain(
      'output.schema',
    )
    expect(
      await problem({
        messages: 'hi',
        output: { schema: { '~standard': { version: 1, vendor: 'old', validate: () => ({ value: 1 }) } } },
      }),
    ).toContain('old')
  })
})
