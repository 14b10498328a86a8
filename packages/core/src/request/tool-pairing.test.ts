// Tool calls and results: whatever history comes in, what goes out is paired, or refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { growth } from '../../test/growth.js'
import { isLlmError } from '../contract/errors.js'
import type { Part, ToolCallPart, ToolResultPart } from '../contract/message.js'
import type { PreparedMessage } from '../contract/provider.js'
import type { Warning } from '../contract/response.js'
import { pairToolCalls } from './tool-pairing.js'

const call = (id: string, name = 'weather'): ToolCallPart => ({ type: 'tool-call', id, name, input: {} })
const result = (id: string, output = 'sunny'): ToolResultPart => ({ type: 'tool-result', id, output })
const text = (value: string): Part => ({ type: 'text', text: value })
const assistant = (...content: Part[]): PreparedMessage => ({ role: 'assistant', content })
const tool = (...content: Part[]): PreparedMessage => ({ role: 'tool', content })
const user = (...content: Part[]): PreparedMessage => ({ role: 'user', content })

describe('pairToolCalls', () => {
  it("leaves an assistant's own result with it, and tells of the open call before it", () => {
    const warnings: Warning[] = []
    const own = assistant(result('own'), text('Found.'))
    const paired = pairToolCalls([assistant(call('a')), own, user(text('go on'))], false, warnings)
    expect(paired.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'user'])
    expect(paired[1]?.content).toMatchObject([{ type: 'tool-result', id: 'a', isError: true }])
    expect(paired[2]).toEqual(own)
    expect(warnings).toMatchObject([{ code: 'repaired', feature: 'tools' }])
  })

  it('gathers results into one message, in the order of the calls, and names them', () => {
    expect(
      pairToolCalls(
        [assistant(call('a'), call('b', 'time')), tool(result('b')), tool(result('a'))],
        false,
        [],
      ),
    ).toEqual([
      assistant(call('a'), call('b', 'time')),
      tool({ ...result('a'), name: 'weather' }, { ...result('b'), name: 'time' }),
    ])
  })

  it('takes results from the head of a user message', () => {
    expect(pairToolCalls([assistant(call('a')), user(result('a'), text('and now?'))], false, [])).toEqual([
      assistant(call('a')),
      tool({ ...result('a'), name: 'weather' }),
      user(text('and now?')),
    ])
  })

  it('pairs by adjacency: the same id in another turn is another call', () => {
    const turns = [
      assistant(call('a')),
      tool(result('a', 'one')),
      assistant(call('a')),
      tool(result('a', 'two')),
    ]
    expect(
      pairToolCalls(turns, false, []).flatMap(({ content }) =>
        content.flatMap((part) => (part.type === 'tool-result' ? [part.output] : [])),
      ),
    ).toEqual(['one', 'two'])
  })

  it('gives calls that share an id in one turn ids of their own', () => {
    const [calls, results] = pairToolCalls(
      [assistant(call('a'), call('a')), tool(result('a', 'one'), result('a', 'two'))],
      false,
      [],
    )
    expect(calls?.content).toMatchObject([{ id: 'a' }, { id: 'a_2' }])
    expect(results?.content).toMatchObject([
      { id: 'a', output: 'one' },
      { id: 'a_2', output: 'two' },
    ])
  })

  it('tells the model of a call that was interrupted, and the caller too', () => {
    const warnings: Warning[] = []
    const paired = pairToolCalls([assistant(call('a')), user(text('never mind'))], false, warnings)
    expect(paired[1]).toMatchObject({ role: 'tool', content: [{ id: 'a', isError: true }] })
    expect(warnings).toMatchObject([{ code: 'repaired', message: expect.stringContaining('weather (a)') }])
  })

  it('refuses a conversation that ends in calls without results', () => {
    expect(() => pairToolCalls([assistant(call('a'))], false, [])).toThrow(/Append a tool message/)
  })

  it('leaves a server-side result of an assistant message alone', () => {
    const message = assistant(text('a'), result('srv'))
    expect(pairToolCalls([message], false, [])).toEqual([message])
  })

  it('does not take a server-side result of the next answer for one of an open call', () => {
    const warnings: Warning[] = []
    const own = assistant(result('srv'), text('It is sunny.'))
    expect(pairToolCalls([assistant(call('a')), own, user(text('thanks'))], false, warnings)).toEqual([
      assistant(call('a')),
      tool(expect.objectContaining({ id: 'a', isError: true })),
      own,
      user(text('thanks')),
    ])
    expect(warnings).toMatchObject([{ code: 'repaired', message: expect.stringContaining('weather (a)') }])
  })

  it('says when a result has another name than its call', () => {
    const warnings: Warning[] = []
    const [, results] = pairToolCalls(
      [assistant(call('a')), tool({ ...result('a'), name: 'time' })],
      false,
      warnings,
    )
    expect(results?.content).toMatchObject([{ name: 'weather' }])
    expect(warnings).toMatchObject([{ code: 'repaired', message: expect.stringContaining('time') }])
  })

  it.each<[string, (index: number) => string]>([
    ['the same', () => 'a'],
    ['repeated', (index) => `a_${index % 7}`],
  ])('takes time in step with the number of calls, whose ids are %s', async (_, id) => {
    const pair = (n: number) => {
      const calls = Array.from({ length: n }, (_, index) => call(id(index)))
      const results = Array.from({ length: n }, (_, index) => result(id(n - 1 - index)))
      const [paired] = pairToolCalls([assistant(...calls), tool(...results)], false, [])
      expect(new Set(paired?.content.map((part) => 'id' in part && part.id)).size).toBe(n)
    }
    expect(await growth(pair, 2_000)).toBeLessThan(1.7)
  })

  it('law: every call is answered right after, once, and nothing is there without its call', () => {
    const ids = fc.constantFrom('a', 'b', 'c')
    const message = fc.oneof(
      fc
        .array(ids, { minLength: 1, maxLength: 3 })
        .map((some) => assistant(text('t'), ...some.map((id) => call(id)))),
      fc.array(ids, { minLength: 1, maxLength: 3 }).map((some) => tool(...some.map((id) => result(id)))),
      fc.constant(user(text('u'))),
      fc.tuple(ids).map(([id]) => user(result(id), text('u'))),
      fc.tuple(ids).map(([id]) => assistant(result(id), text('own'))),
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.boolean(), (history, lenient) => {
        const warnings: Warning[] = []
        let paired: PreparedMessage[]
        try {
          paired = pairToolCalls(history, lenient, warnings)
        } catch (error) {
          expect(isLlmError(error, 'invalid-request')).toBe(true)
          return
        }
        for (const [index, { role, content }] of paired.entries()) {
          expect(content.length).toBeGreaterThan(0)
          const calls = content.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []))
          const answers = (paired[index + 1]?.content ?? []).flatMap((part) =>
            part.type === 'tool-result' ? [part.id] : [],
          )
          if (calls.length > 0) expect(answers).toEqual(calls)
          expect(new Set(calls).size).toBe(calls.length)
          if (role === 'tool')
            expect(paired[index - 1]?.content.some((part) => part.type === 'tool-call')).toBe(true)
          // Results of server-side tools stay in the assistant's message.
          if (calls.length > 0) expect(paired[index + 1]?.role).toBe('tool')
          if (role === 'user') expect(content.some((part) => part.type === 'tool-result')).toBe(false)
        }
        // Words are never lost.
        const words = (messages: PreparedMessage[]) =>
          messages
            .flatMap(({ content }) => content.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
            .join()
        expect(words(paired)).toBe(words(history))
      }),
      { numRuns: 1000 },
    )
  })
})
