// What the list of conversations is drawn from, while answers grow.
import { beforeEach, expect, it, vi } from 'vitest'
import type { Answer } from './conversation.js'

// There is no IndexedDB in Node; the page works without it, too.
vi.mock('idb-keyval', () => ({
  entries: () => Promise.resolve([]),
  set: () => Promise.resolve(),
  del: () => Promise.resolve(),
  delMany: () => Promise.resolve(),
}))
const { addTurn, changeAnswer, conversations, listed, pin, rename, restore, startNew } = await import(
  './conversation-store.js'
)

const answer: Answer = {
  model: 'small',
  messages: [],
  text: '',
  reasoning: '',
  calls: [],
  state: 'running',
  numbers: { pieces: [] },
  wire: [],
}
const asked = (id: string) =>
  addTurn({ id, question: [{ type: 'text', text: id }], answers: [answer] }, `About ${id}`)

beforeEach(() => restore())

it('is the same while an answer grows, and new when the list would look different', () => {
  const { id } = asked('one')
  startNew()
  asked('two')
  const before = listed.value
  expect(before.map(({ title }) => title)).toHaveLength(2)
  changeAnswer(id, 'one', 'small', (old) => ({ ...old, text: 'more' }))
  const grown = conversations.value.find((one) => one.id === id)
  expect(grown?.turns[0]?.answers[0]?.text).toBe('more')
  expect(listed.value).toBe(before)
  if (grown !== undefined) rename(grown, 'Other')
  expect(listed.value.find((one) => one.id === id)).toMatchObject({ title: 'Other', pinned: false })
  const renamed = conversations.value.find((one) => one.id === id)
  if (renamed !== undefined) pin(renamed, true)
  expect(listed.value[0]).toEqual({ id, title: 'Other', pinned: true })
})
