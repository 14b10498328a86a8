// Bodies of megabytes arrive unchanged, however their JSON is written.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchange } from './exchange.js'
import type { LargeField } from './json-length.js'
import { blobOf, textsOf } from './large-body.js'
import { large, markLarge } from './large-list.js'

let url = ''
const received: string[] = []
const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => {
    text += chunk
  })
  request.on('end', () => {
    received.push(text)
    response.end('{}')
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const send = (body: object, fields?: LargeField[], fetch = globalThis.fetch) =>
  exchange(
    {
      fetch,
      large: fields,
      signal: new AbortController().signal,
      failed: async () => new Error('failed'),
      who: 'Somebody',
      hint: '',
    },
    async () => ({ url, init: { method: 'POST', body: JSON.stringify(body) } }),
  )

/** Of more than megabytes, with all that JSON has to spell. */
const texts: Record<string, string> = {
  letters: 'x'.repeat(2 * large),
  quotes: '"\\\n\u0001'.repeat(large / 2),
  'pairs of halves': `x${'😀'.repeat(large)}`,
  Chinese: '長'.repeat(large),
}

describe.each(Object.entries(texts))('%s', (_, text) => {
  const bodies: [string, () => { model: string; messages: unknown[]; stream: boolean }][] = [
    ['in one message', () => ({ model: 'm', messages: [{ role: 'user', content: text }], stream: true })],
    [
      'in many',
      () => ({
        model: 'm',
        messages: Array.from({ length: 200 }, (__, at) => ({
          role: 'user',
          content: [
            { type: 'text', text: text.slice(at * 10_000, (at + 1) * 10_000) },
            null,
            undefined,
            1.5,
            true,
          ],
          left: undefined,
        })),
        stream: false,
      }),
    ],
  ]
  it.each(bodies)('%s', async (__, make) => {
    for (const marks of [true, false]) {
      const body = make()
      const whole = JSON.stringify(body)
      const list = marks ? markLarge(body) : undefined
      expect(JSON.stringify(body).length < 1000).toBe(marks)
      await send(body, list)
      expect(JSON.parse(received.pop() ?? '')).toEqual(JSON.parse(whole))
    }
  })

  it('whole for a fetch of the app’s own', async () => {
    const body = { messages: [text] }
    const whole = JSON.stringify(body)
    const list = markLarge(body)
    let got: unknown
    await send(body, list, async (_url, init) => {
      got = init?.body
      return new Response('{}')
    })
    expect(got === whole).toBe(true)
  })
})

it('small lists have no mark', async () => {
  const body = { messages: ['x'] }
  expect(markLarge(body)).toBeUndefined()
  await send(body)
  expect(received.pop()).toBe('{"messages":["x"]}')
})

it('one that an option of the caller’s has replaced is not sent', async () => {
  const list = markLarge({ messages: [texts.letters] })
  await send({ messages: ['instead'] }, list)
  expect(received.pop()).toBe('{"messages":["instead"]}')
})

it('objects of the caller’s stay as they are: a frozen one, twice, also after a failure', async () => {
  const list = Object.freeze([texts.letters])
  const object = Object.freeze({ text: texts.letters })
  const whole = JSON.stringify({ list, object })
  for (let turn = 0; turn < 2; turn++) {
    const body = { list, object }
    const fields = markLarge(body)
    expect(fields).toHaveLength(2)
    expect(JSON.stringify(body).length).toBeLessThan(1000)
    expect(JSON.stringify({ list, object }) === whole).toBe(true)
    await send(body, fields)
    expect(received.pop() === whole).toBe(true)
  }
})

it('large values are written as JSON.stringify writes them', async () => {
  const left = { undefined, function: () => 1, symbol: Symbol('x'), own: { toJSON: () => undefined } }
  const list = Object.values(left)
  const more = 'x'.repeat(300_000)
  class Own {
    readonly more = more
    toJSON() {
      return { own: this.more, date: new Date(0), list }
    }
  }
  class Itself extends Own {
    override toJSON() {
      return this as never
    }
  }
  const value = {
    ...left,
    more,
    own: new Own(),
    itself: new Itself(),
    none: [new Own(), ...list, more],
    left,
  }
  const onlyLeft = Object.assign(Object.create(null), { ...left, f: Object.assign(() => 1, { more }) })
  for (const one of [value, [value], new Own(), onlyLeft]) {
    const text = await (await blobOf(textsOf('"a mark"', [{ mark: 'a mark', value: one }]))).text()
    expect(text === JSON.stringify(one)).toBe(true)
  }
})

it('several at once do not get each other’s', async () => {
  const bodies = Array.from({ length: 4 }, (_, at) => ({ at, messages: [`${at}`.repeat(2 * large)] }))
  await Promise.all(bodies.map((body) => send(body, markLarge(body))))
  for (const text of received.splice(0)) {
    const { at, messages } = JSON.parse(text)
    expect(messages[0] === `${at}`.repeat(2 * large)).toBe(true)
  }
})

it('law: pieces are what the platform writes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.string({ unit: 'grapheme' }), async (list, more) => {
      const value = [...list, { long: more.repeat(5000), list }]
      const text = await (await blobOf(textsOf('<"a mark">', [{ mark: 'a mark', value }]))).text()
      expect(text).toBe(`<${JSON.stringify(value)}>`)
    }),
    { numRuns: 50 },
  )
})
