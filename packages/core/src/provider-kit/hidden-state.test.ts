// Hidden state: extracted from a message and restored, whatever a protocol does to the rest.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Part } from '../index.js'
import { extractHidden, restoreHidden } from './index.js'

const opaque = fc.option(fc.record({ provider: fc.constant('p'), data: fc.jsonValue() }), { nil: undefined })
const text = (type: 'text' | 'reasoning' | 'refusal') =>
  fc.record({ type: fc.constant(type), text: fc.string({ maxLength: 5 }), opaque })
const part: fc.Arbitrary<Part> = fc
  .oneof(
    text('text'),
    text('reasoning'),
    text('refusal'),
    fc.record({ type: fc.constant('provider-block' as const), kind: fc.string(), opaque }),
    fc.record({
      ...{
        type: fc.constant('file' as const),
        data: fc.constant('AQID'),
        mediaType: fc.constantFrom('a/b', 'c/d'),
      },
      ...{ name: fc.option(fc.string(), { nil: undefined }), opaque },
    }),
  )
  .map((one) => JSON.parse(JSON.stringify(one)))
const call = fc
  .uniqueArray(fc.string({ minLength: 1 }), { maxLength: 3 })
  .map((ids) =>
    ids.map(
      (id): Part => ({ type: 'tool-call', id, name: 't', input: {}, opaque: { provider: 'p', data: 1 } }),
    ),
  )

/** As a client sees it: texts of a kind put together, empty ones and what it does not know left out. */
function seen(content: readonly Part[], seesMedia: boolean, seesRefusals = true): Part[] {
  const all: Part[] = []
  for (const { ...part } of content) {
    delete part.opaque
    const last = all.at(-1)
    if (part.type === 'refusal' && !seesRefusals) Object.assign(part, { type: 'text' })
    if (part.type === 'provider-block' || ('text' in part && part.text === '')) continue
    if (part.type === 'file') {
      delete part.name
      if (!seesMedia) continue
    }
    if ('text' in part && last !== undefined && 'text' in last && last.type === part.type)
      last.text += part.text
    else all.push(part as Part)
  }
  return all
}

it('law: a message that a client gives back as it got it is what it was', () => {
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }),
      call,
      fc.boolean(),
      fc.boolean(),
      (parts, calls, ...sees) => {
        const content = [...parts, ...calls]
        const there = JSON.parse(JSON.stringify(extractHidden(content, ...sees) ?? null))
        const back = seen(content, ...sees)
        expect(there === null ? back : restoreHidden(back, there)).toEqual(there === null ? back : content)
      },
    ),
  )
})

it('one that the client has changed is what the client says', () => {
  const content: Part[] = [
    { type: 'text', text: 'One. ', opaque: { provider: 'p', data: 1 } },
    { type: 'text', text: 'Two.' },
  ]
  const hidden = extractHidden(content) ?? []
  const changed: Part[] = [{ type: 'text', text: 'One.' }]
  expect(restoreHidden(changed, hidden)).toEqual(changed)
  expect(restoreHidden([...seen(content, false), { type: 'text', text: 'More.' }], hidden)).toHaveLength(2)
})

it('nothing is hidden of what everybody sees', () => {
  expect(
    extractHidden([
      { type: 'text', text: 'x' },
      { type: 'tool-call', id: 'a', name: 't', input: {} },
    ]),
  ).toBeUndefined()
})
