// Decoding of citations: their positions in text parts, in both APIs.
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, calls, chunk, completed, created, end } from '../test/wire.js'

type Sent = Record<string, unknown>[]

const chat = async (events: object[]) =>
  (await ask(sse([...(events as Sent), '[DONE]']))).chat({ messages: 'x' })
const responses = async (events: object[]) =>
  (await ask(sse(events as Sent), { api: 'responses' })).chat({ messages: 'x' })
const responsesWhole = async (output: object[], more: object = {}) =>
  (await ask(json({ id: 'r', model: 'm', status: 'completed', output, ...more }), { api: 'responses' })).chat(
    { messages: 'x', maxOutputTokens: 100 },
  )

const done = (output_index: number, one: object) => ({
  type: 'response.output_item.done',
  output_index,
  item: one,
})
const one = (args: string, more: object = {}) => ({ function: { name: 'add', arguments: args }, ...more })

describe('positions of citations count in their text part', () => {
  const cited = (start_index: number, end_index: number) => ({
    type: 'url_citation',
    url_citation: { url: 'https://example.com', title: 'E', start_index, end_index },
  })

  it('when reasoning or a call divides the text', async () => {
    const { message } = await chat([
      chunk({ content: 'One. ' }),
      chunk({ annotations: [cited(0, 4)] }),
      chunk({ reasoning: 'Hm.' }),
      chunk({ content: 'Two.' }),
      chunk({ annotations: [cited(5, 9)] }),
      calls(one('{}', { id: 'a', index: 0 })),
      chunk({ annotations: [cited(5, 9)] }),
      end(),
    ])
    const texts = message.content.filter((part) => part.type === 'text')
    expect(texts).toMatchObject([
      { text: 'One. ', citations: [{ start: 0, end: 4 }] },
      { text: 'Two.', citations: [{ start: 0, end: 4 }] },
      { text: '', citations: [{ url: 'https://example.com', title: 'E' }] },
    ])
    expect(texts[2]?.citations?.[0]).not.toHaveProperty('start')
  })

  it('when a message has several texts, streamed or whole', async () => {
    const annotation = { type: 'url_citation', url: 'https://example.com', start_index: 0, end_index: 4 }
    const message = {
      type: 'message',
      id: 'm1',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'One. ', annotations: [annotation] },
        {
          type: 'output_text',
          text: 'Two.',
          annotations: [annotation, { type: 'file_citation', file_id: 'file_1', index: 3 }],
        },
      ],
    }
    const streamed = await responses([
      created,
      { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
      { type: 'response.output_text.delta', output_index: 0, delta: 'One. ' },
      { type: 'response.output_text.delta', output_index: 0, content_index: 1, delta: 'Two.' },
      done(0, message),
      completed({ output: [message] }),
    ])
    const whole = await responsesWhole([message])
    for (const { message } of [streamed, whole])
      expect(message.content).toMatchObject([
        {
          text: 'One. Two.',
          citations: [
            { start: 0, end: 4 },
            { start: 5, end: 9 },
            { title: 'file_1', source: { index: 3 } },
          ],
        },
      ])
  })
})
