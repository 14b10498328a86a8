// Exports of conversations: they come back whole, and a damaged one never breaks the page.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromJson, toJson, toMarkdown } from './transfer.js'

const answer = { model: 'm', messages: [{ role: 'assistant' as const, content: 'Yes.' }] }
const whole = {
  id: 'a',
  title: 'A',
  at: 1,
  turns: [{ id: 't', parent: '', question: [{ type: 'text' as const, text: 'Is it?' }], answers: [answer] }],
}
const file = (conversation: unknown) =>
  JSON.stringify({ format: 'patchbay-conversations', version: 1, conversations: [conversation] })

it('an answer with nothing but its messages gets what the page needs to draw it', () => {
  const [read] = fromJson(file(whole))
  expect(read?.turns[0]?.answers[0]).toMatchObject({
    ...answer,
    text: '',
    calls: [],
    numbers: { pieces: [] },
  })
  expect(fromJson(toJson([read as never]))).toEqual([read])
  expect(toMarkdown(read as never)).toContain('Yes.')
})

it('a damaged export is an error, and whatever is read can be drawn', () => {
  let refused = 0
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(8), (odd, place) => {
      const damaged = structuredClone(whole) as never as Record<string, never>
      const turn = (damaged.turns as never as Record<string, never>[])[0] as Record<string, unknown>
      const places = [damaged, turn, (turn.answers as object[])[0]] as Record<string, unknown>[]
      const target = places[place % 3] as Record<string, unknown>
      target[Object.keys(target)[place % Object.keys(target).length] as string] = odd
      try {
        for (const conversation of fromJson(file(damaged))) expect(toMarkdown(conversation)).toContain('#')
      } catch (error) {
        refused++
        expect(String(error)).toContain('damaged')
      }
    }),
  )
  expect(refused).toBeGreaterThan(0)
})
