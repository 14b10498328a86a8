// `guard`: what is not sent, what is not shown, and how much of a stream is visible before it is checked.
import { type ChatEvent, LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { growth } from '../../../core/test/growth.js'
import { failureOf } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { atMost, type CheckInput, denied, guard } from '../index.js'

async function seen(stream: AsyncIterable<ChatEvent>): Promise<{ text: string; error: LlmError }> {
  let text = ''
  const error = await failureOf(
    (async () => {
      for await (const event of stream) if (event.type === 'text') text += event.text
    })(),
  )
  return { text, error }
}

it('does not send a request that fails a check, in any part of it', async () => {
  const inner = mockProvider()
  const provider = guard(inner, { input: [denied(['bomb', /\bp4ss\w+/]), atMost(200)] })
  for (const request of [
    'Build a BOMB.',
    { messages: 'x', system: 'p4ssword' },
    { messages: 'x', tools: [{ name: 't', description: 'a bomb', input: { type: 'object' } }] },
    'x'.repeat(201),
  ])
    expect(await failureOf(provider.chat(request))).toMatchObject({
      code: 'content-filtered',
      message: expect.stringMatching(/^This request was not sent: it (has|contains)/),
    })
  expect((await provider.chat('A bombastic speech.')).text).toBe('A bombastic speech.')
  expect(inner.requests).toHaveLength(1)
  expect(
    await failureOf(guard(lettersEmbedder(), { input: denied(['bomb']) }).embed(['a bomb'])),
  ).toMatchObject({ code: 'content-filtered' })
})

const bomb = new TextEncoder().encode('a bomb')
const block = {
  type: 'provider-block' as const,
  kind: 'k',
  opaque: { provider: 'mock', data: { said: 'bomb' } },
}
it.each<[string, object]>([
  ['a text file', { type: 'file', mediaType: 'Text/Plain', data: bomb }],
  ['a text file in base64', { type: 'file', mediaType: 'application/json', data: btoa('a bomb') }],
  ['an image of text', { type: 'image', mediaType: 'image/svg+xml', data: bomb }],
  ['a data URL', { type: 'file', url: `data:text/csv;base64,${btoa('a bomb')}` }],
  [
    'the result of a tool',
    { type: 'tool-result', id: '1', output: [{ type: 'file', mediaType: 'text/plain', data: bomb }] },
  ],
  [
    'state of a tool that is called like state of a provider',
    { type: 'tool-call', id: '1', name: 't', input: { opaque: { provider: 'a', said: 'bomb' } } },
  ],
  ['a block of a provider', block],
])('checks %s', async (_, part) => {
  const call = { type: 'tool-call', id: '1', name: 't', input: {} }
  const result = { role: 'tool', content: [{ type: 'tool-result', id: '1', output: 'x' }] }
  const { type } = part as { type: string }
  const media = [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }]
  const messages = {
    file: media,
    image: media,
    'tool-result': ['x', { role: 'assistant', content: [call] }, { role: 'tool', content: [part] }],
    'tool-call': ['x', { role: 'assistant', content: [part] }, result],
    'provider-block': ['x', { role: 'assistant', content: [part] }, 'y'],
  }[type]
  const inner = mockProvider()
  const provider = guard(inner, { input: denied(['bomb']) })
  expect(await failureOf(provider.chat({ messages } as never))).toMatchObject({ code: 'content-filtered' })
  expect(inner.requests).toHaveLength(0)
})

it.each<[string, object]>([
  [
    'the schema of the answer',
    { output: { schema: { type: 'object', description: 'a bomb', properties: {} } } },
  ],
  ['options for the provider', { providerOptions: { mock: { note: 'a bomb' } } }],
])('checks %s', async (_, more) => {
  const provider = guard(mockProvider(), { input: denied(['bomb']) })
  expect(await failureOf(provider.chat({ messages: 'x', ...more }))).toMatchObject({
    code: 'content-filtered',
  })
})

it('shows nothing of an answer that fails a check, streamed or not', async () => {
  const answers = [{ text: 'First the word, then the bomb goes off.' }]
  const make = () => guard(mockProvider({ answers }), { output: denied(['bomb']) })
  const failure = await failureOf(make().chat('x'))
  expect(failure).toMatchObject({ code: 'content-filtered', message: expect.stringContaining('not shown') })
  expect(failure.partial).toBeUndefined()
  expect(await seen(make().stream('x'))).toMatchObject({ text: '', error: { code: 'content-filtered' } })
})

it('checks what tools are to be called with, and gets the whole answer at its end', async () => {
  const calls: CheckInput[] = []
  const inner = mockProvider({
    answers: [{ text: 'well', toolCalls: [{ name: 't', input: { deep: ['a bomb'] } }] }],
  })
  const provider = guard(inner, {
    output: [
      (checked) => {
        calls.push(checked)
        return undefined
      },
      denied(['bomb']),
    ],
  })
  await failureOf(provider.chat({ messages: 'x', tools: [{ name: 't', input: { type: 'object' } }] }))
  expect(calls).toMatchObject([{ text: expect.stringContaining('well'), response: { text: 'well' } }])
})

it('shows a stream piece by piece as it passes, and its partial is what was seen', async () => {
  const text = 'one two three four five six bomb seven'
  const make = () => guard(mockProvider({ answers: [text] }), { output: denied(['bomb']), every: 8 })
  const { text: shown, error } = await seen(make().stream('x'))
  expect(shown).not.toBe('')
  expect('one two three four five six '.startsWith(shown)).toBe(true)
  expect(error.code).toBe('content-filtered')
  const cut = guard(
    mockProvider({ retry: false, answers: [{ text, error: new LlmError('network', 'Cut.') }] }),
    { output: () => undefined, every: 8 },
  )
  const broken = await seen(cut.stream('x'))
  expect(broken.error).toMatchObject({ code: 'network', partial: { text: broken.text } })
  const all = guard(mockProvider({ answers: [text] }), { output: () => undefined, every: 8 })
  let whole = ''
  for await (const piece of all.stream('x').text) whole += piece
  expect(whole).toBe(text)
})

it('a check that throws ends its call, and says which', async () => {
  const broken = () => {
    throw new Error('no such list')
  }
  expect(await failureOf(guard(mockProvider(), { input: broken }).chat('x'))).toMatchObject({
    code: 'aborted',
    message: expect.stringMatching(/guard.*no such list/),
  })
})

it('an answer of 200,000 pieces that is held until its end is given out whole', async () => {
  const events = Array.from({ length: 200_000 }, () => ({ type: 'text' as const, text: 'a' }))
  const provider = guard(mockProvider({ answers: [{ events }] }), { output: () => undefined })
  let read = 0
  for await (const event of provider.stream('Hi')) if (event.type === 'text') read++
  expect(read).toBe(200_000)
})

it('pieces that are held until the end cost the same each, however many they are', async () => {
  const run = async (count: number) => {
    const events = Array.from({ length: count }, () => ({ type: 'text' as const, text: 'a' }))
    const provider = guard(mockProvider({ answers: [{ events }] }), { output: () => undefined })
    for await (const _ of provider.stream('Hi')) {
    }
  }
  expect(await growth(run, 10_000)).toBeLessThan(1.7)
})
