// Branches of a conversation: versions of a question, the path that is shown, and what deleting takes and gives back.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathTo, shownPath, shownWith, versions, withoutTurn, withParents } from './branches.js'
import type { Conversation, Turn } from './conversation.js'

const turn = (id: string, parent?: string) => ({
  id,
  question: [],
  answers: [],
  ...(parent !== undefined && { parent }),
})
const conversation = (turns: Turn[], shown?: Record<string, string>): Conversation => ({
  id: 'c',
  title: '',
  at: 0,
  turns,
  ...(shown !== undefined && { shown }),
})
const idsOf = (turns: readonly Turn[]) => turns.map(({ id }) => id).join(' ')

describe('branches', () => {
  const tree = withParents([turn('a', ''), turn('b', 'a'), turn('b2', 'a'), turn('c', 'b'), turn('c2', 'b2')])

  it('show the latest version, or the chosen one', () => {
    expect(idsOf(shownPath(conversation(tree)))).toBe('a b2 c2')
    expect(idsOf(shownPath(conversation(tree, { a: 'b' })))).toBe('a b c')
    expect(idsOf(shownPath(conversation(tree, { a: 'gone' })))).toBe('a b2 c2')
    expect(shownWith(conversation(tree, { a: 'b2' }), 'c')).toEqual({ '': 'a', a: 'b', b: 'c' })
    expect(idsOf(versions(tree).get('a') ?? [])).toBe('b b2')
    expect(idsOf(pathTo(conversation(tree), 'c'))).toBe('a b c')
  })

  it('of a conversation without them are one line', () => {
    const read = withParents([turn('a'), turn('b'), turn('c')])
    expect(read.map(({ parent }) => parent)).toEqual(['', 'a', 'b'])
  })

  it('without a version lose what followed it, and get it back', () => {
    const before = conversation(tree, { a: 'b' })
    const removal = withoutTurn(before, 'b')
    expect(idsOf(shownPath(removal?.after ?? before))).toBe('a b2 c2')
    expect(removal?.after.turns).toHaveLength(3)
    expect(idsOf(shownPath(removal?.undo(removal.after) ?? before))).toBe('a b c')
  })

  it('without a question that has no other version keep what followed, and what was asked since', () => {
    const line = conversation(withParents([turn('a'), turn('b'), turn('c')]))
    const removal = withoutTurn(line, 'b')
    expect(idsOf(shownPath(removal?.after ?? line))).toBe('a c')
    const since = {
      ...line,
      ...removal?.after,
      turns: [...(removal?.after.turns ?? []), { ...turn('d'), parent: 'c' }],
    }
    expect(idsOf(shownPath(removal?.undo(since) ?? line))).toBe('a b c d')
    const last = withoutTurn(line, 'c')
    const after = {
      ...line,
      ...last?.after,
      turns: [...(last?.after.turns ?? []), { ...turn('d'), parent: 'b' }],
    }
    expect(idsOf(shownPath(last?.undo(after) ?? line))).toBe('a b c d')
  })

  it('can be read from any file, and undo always gives back what was there', () => {
    const name = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e', 'f')
    const given = fc.array(fc.record({ id: name, parent: fc.option(name, { nil: undefined }) }), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(given, fc.dictionary(name, name), fc.nat(), (loose, shown, at) => {
        const read = conversation(withParents(loose.map(({ id, parent }) => turn(id, parent))), shown)
        const seen = new Set([''])
        for (const { id, parent } of read.turns) {
          expect(seen.has(parent) && !seen.has(id)).toBe(true)
          seen.add(id)
        }
        const path = shownPath(read)
        expect(path.length > 0).toBe(read.turns.length > 0)
        const last = path.at(-1)
        if (last !== undefined) expect(pathTo(read, last.id)).toEqual(path)
        const one = path[at % path.length]
        if (one === undefined) return
        const removal = withoutTurn(read, one.id)
        const back = removal?.undo(removal.after)
        expect(back?.turns).toEqual(read.turns)
        expect(idsOf(shownPath(back ?? read))).toBe(idsOf(path))
      }),
    )
  })
})
