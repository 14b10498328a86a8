// What leaves the worker: everything, in order, first words at once, the rest in few messages.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FromWorker } from '../supervisor/protocol.js'
import { Outbox } from './outbox.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An outbox, and what it has sent, a list each time. */
function outbox(): { out: Outbox; sent: FromWorker[][] } {
  const sent: FromWorker[][] = []
  return { out: new Outbox((messages) => sent.push(structuredClone(messages))), sent }
}

const counted = (id: number): FromWorker => ({ type: 'counted', id, tokens: 1 })
const text = (id: number, text: string) => ({ type: 'text', id, text })

describe('an outbox', () => {
  it('sends the first text of a call at once, and what follows within 40 ms together', () => {
    const { out, sent } = outbox()
    out.text(1, 'text', 'a', false)
    out.text(1, 'text', 'b', false)
    out.text(1, 'text', 'c', false)
    expect(sent).toEqual([[text(1, 'a')]])
    vi.advanceTimersByTime(40)
    out.text(1, 'text', 'd', false)
    expect(sent.slice(1)).toEqual([[text(1, 'bcd')]])
    out.text(2, 'text', 'other', false)
    expect(sent.slice(2)).toEqual([[text(2, 'other')]])
  })

  it('sends what all calls say in one step as one message', () => {
    const { out, sent } = outbox()
    for (const id of [1, 2, 3]) out.text(id, 'text', 'first', true)
    sent.length = 0
    vi.advanceTimersByTime(50)
    for (const id of [1, 2, 3]) {
      out.text(id, 'text', 'x', true)
      vi.advanceTimersByTime(2)
    }
    expect(sent).toEqual([])
    vi.advanceTimersByTime(10)
    expect(sent).toEqual([[text(1, 'x'), text(2, 'x'), text(3, 'x')]])
  })

  it('lets nothing else wait, and nothing overtake', () => {
    const { out, sent } = outbox()
    out.text(1, 'reasoning', 'a', true)
    out.text(1, 'reasoning', 'b', true)
    out.text(1, 'text', 'c', true)
    out.send({ type: 'call', id: 1, name: 'tool', input: {} })
    out.text(1, 'text', 'd', true)
    out.send({ type: 'pong' })
    expect(
      sent.map((messages) => messages.map((message) => ('text' in message ? message.text : message.type))),
    ).toEqual([['a'], ['b', 'c', 'call'], ['d', 'pong']])
  })

  it('loses nothing and changes no call’s order, whatever is said when', () => {
    const step = fc.record({
      id: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom('text' as const, 'reasoning' as const, 'other' as const),
      text: fc.string({ maxLength: 3 }),
      shared: fc.boolean(),
      wait: fc.integer({ min: 0, max: 60 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { out, sent } = outbox()
        const said = new Map<number, string>()
        for (const { id, kind, text, shared, wait } of steps) {
          said.set(
            id,
            (said.get(id) ?? '') +
              (kind === 'other' ? '!' : [...text].map((letter) => kind[0] + letter).join('')),
          )
          if (kind === 'other') out.send(counted(id))
          else out.text(id, kind, text, shared)
          vi.advanceTimersByTime(wait)
        }
        out.flush()
        const heard = new Map<number, string>()
        for (const message of sent.flat()) {
          if (!('id' in message)) continue
          const words =
            message.type === 'text' || message.type === 'reasoning'
              ? [...message.text].map((letter) => message.type[0] + letter).join('')
              : '!'
          heard.set(message.id, (heard.get(message.id) ?? '') + words)
        }
        for (const [id, words] of said) expect(heard.get(id) ?? '').toBe(words)
        expect(sent.every((messages) => messages.length > 0)).toBe(true)
      }),
    )
  })
})
