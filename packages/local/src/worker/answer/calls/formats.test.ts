// Formats of tool calls: what a template writes is read back, in pieces of any size, and the grammar allows it.
import fc from 'fast-check'
import { getLlama, type Llama, LlamaGrammar } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callTemplates, templateOf } from '../../../../test/call-templates.js'
import type { TemplateMessage, TemplateTool } from '../../../supervisor/protocol.js'
import { rootOf } from '../../grammar/call-grammar.js'
import { SchemaGrammar } from '../../grammar/schema-grammar.js'
import { JinjaTemplate } from '../../jinja/jinja.js'
import { CallReader } from '../call-reader.js'
import type { CallFormat, ParsedCall } from './call-format.js'
import { detectCalls } from './detect.js'

let llama: Llama
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
})
afterAll(() => llama.dispose())

const tool = (name: string): TemplateTool => ({
  type: 'function',
  function: {
    name,
    parameters: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        unit: { enum: ['c', 'f'] },
        count: { type: 'integer' },
        flags: { type: 'array', items: { type: 'boolean' } },
        deep: { type: 'object', properties: { key: { type: 'string' } } },
      },
      required: ['text'],
    },
  },
})
const tools = [tool('get_weather'), tool('get_time')]

/** Texts with all that JSON and Python escape, and without the white space at ends that some formats add. */
const text = fc
  .array(
    fc.constantFrom(
      'a',
      'ü',
      '東',
      ' b',
      '"',
      "'",
      '\\',
      '{',
      '}',
      '[',
      ',',
      ': ',
      '<b>',
      '\nx',
      '&',
      '=',
      '3',
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => `t${parts.join('')}.`)
const input = fc
  .record(
    {
      text,
      unit: fc.constantFrom('c', 'f'),
      count: fc.integer({ min: -99, max: 9999 }),
      flags: fc.array(fc.boolean(), { minLength: 1, maxLength: 2 }),
      deep: fc.record({ key: text }),
    },
    { requiredKeys: ['text'] },
  )
  .chain((fields) => fc.shuffledSubarray(Object.entries(fields), { minLength: Object.keys(fields).length }))
  .map((entries) => Object.fromEntries(entries))
const call = fc.record({ name: fc.constantFrom('get_weather', 'get_time'), input })

const question: TemplateMessage = { role: 'user', content: 'Weather?' }

function render(template: JinjaTemplate, calls: ParsedCall[]): string {
  const tool_calls = calls.map(({ name, input }, index) => ({
    type: 'function' as const,
    id: `call0000${index}`,
    function: { name, arguments: input },
  }))
  const text = template.render({
    messages: [question, { role: 'assistant', content: '', tool_calls }],
    tools,
  })
  const start = '<|im_start|>assistant\n'
  return text.slice(text.lastIndexOf(start) + start.length, text.lastIndexOf('<|im_end|>'))
}

function read(format: CallFormat, pieces: string[], forced = false) {
  const calls: ParsedCall[] = []
  const listener = { tools, onCall: (call: ParsedCall) => calls.push(call), onThought() {} }
  const reader = new CallReader({ format, frames: [], forced }, listener)
  const text = pieces.map((piece) => reader.push(piece)).join('')
  return { text: text + reader.flush(), calls, invalid: reader.invalidCall }
}

const cutAt = (whole: string, cuts: number[]) => {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, index) => whole.slice(at[index], end))
}

describe.each(callTemplates)('$family', (family) => {
  const template = new JinjaTemplate(templateOf(family))
  const detected = detectCalls((messages, tools) => template.render({ messages, tools }), templateOf(family))
  const { format, parallel } = detected ?? expect.fail('no format')

  it('is found by what its template writes', () => {
    expect(format.name).toBe(family.format)
    expect(parallel).toBe(family.single !== true)
  })

  it('is read back as it was written, in pieces of any size', () =>
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 1, maxLength: family.single ? 1 : 3 }),
        fc.array(fc.nat(2000), { maxLength: 40 }),
        (calls, cuts) => {
          const written = render(template, calls)
          expect(read(format, cutAt(written, cuts))).toEqual({ text: '', calls, invalid: false })
          expect(read(format, [...written]).calls).toEqual(calls)
        },
      ),
      { numRuns: 40 },
    ))

  it('knows all signs that it writes, which may be control tokens', () => {
    const written = render(template, [{ name: 'get_weather', input: { text: 'Lima' } }])
    const known = [...format.signs, ...format.marks].join(' ')
    const unknown = (written.match(/<([|｜])[^<>"]*\1>|<[a-z_]+\|>/g) ?? []).filter(
      (sign) => !known.includes(sign),
    )
    expect(unknown).toEqual([])
  })

  it('is text where it is cut off, damaged or only talked about', () => {
    const sign = format.signs[0] as string
    const written = render(template, [{ name: 'get_weather', input: { text: 'Lima' } }])
    for (const end of [1, 3]) {
      const half = written.slice(0, written.indexOf('Lima') + end)
      expect(read(format, [...half])).toMatchObject({ text: half, calls: [] })
    }
    const talk = `It begins with ${sign}, as <all> know: {"name": 1}.`
    expect(read(format, [...talk])).toMatchObject({ text: talk, calls: [] })
  })

  it('is allowed by the grammar, whatever its sign has in one token with it', () => {
    const after = (calls: ParsedCall[]) => {
      const written = render(template, calls)
      const sign = format.signs
        .filter((sign) => written.includes(sign))
        .sort((a, b) => written.indexOf(a) - written.indexOf(b) || b.length - a.length)[0] as string
      return format.atStart ? written : written.slice(written.indexOf(sign) + sign.length)
    }
    const rules = new SchemaGrammar()
    const grammar = format.grammar(rules, tools)
    const allows = (root: string, text: string) =>
      (
        new LlamaGrammar(llama, { grammar: root }) as unknown as { _testText(text: string): boolean }
      )._testText(text)
    const root = rootOf(grammar, rules, '') ?? expect.fail('no grammar')
    // Where each call has a sign of its own, the grammar ends before the next one.
    const most = grammar.next.length > 0 ? 3 : 1
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: most }), fc.nat(8), (calls, merged) => {
        const written = after(calls)
        expect([written, allows(root, written)]).toEqual([written, true])
        expect(allows(root, written.replaceAll(/get_(weather|time)/g, 'get_news'))).toBe(false)
        const rest = rootOf(grammar, rules, written.slice(0, merged))
        if (rest !== undefined) expect(allows(rest, written.slice(merged))).toBe(true)
      }),
      { numRuns: 15 },
    )
  })
})
