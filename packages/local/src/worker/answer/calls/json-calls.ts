// Calls as JSON objects with name and arguments, after a sign: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, in
// a list, or one a line. Qwen, Hermes, Granite, Mistral Nemo, Command, Nemotron, Apriel, MiniMax M1, Apertus and many more.
import type { CallContext, CallFormat, GrammarPart, ParsedCall } from './call-format.js'
import { jsonOf, NotACall, type Parser, type Source } from './source.js'

export interface JsonCalls {
  name?: string
  /** Texts of templates that have the format, and do not name its sign. */
  hints?: string[]
  /** The sign before the calls; empty for calls that are the whole answer. */
  open: string
  /** Other forms of `open` that models write. */
  openAlso?: string[]
  /** The sign may also stand in text. */
  uncertain?: boolean
  /** The name of a call that means that there is none. */
  noCall?: string
  /** What may stand before an answer that is a call, and is no part of it. */
  prefix?: string
  close?: string
  /** White space between `open` and the call. */
  space?: string
  /** `list`: a JSON array of calls; `lines`: several objects. */
  several?: 'list' | 'lines'
  /** Between the calls of a list, and around them. */
  listSpace?: [open: string, between: string, close: string]
  /** Keys of the fields; `'*'`: the name is the key of the arguments. */
  nameKey?: string
  inputKey?: string
  /** A field before the name, with its values as a grammar. */
  idBefore?: [key: string, values: string]
  /** A field after the arguments. */
  idAfter?: [key: string, values: string]
}

const nameKeys = ['name', 'tool_name', 'function', 'tool']
const inputKeys = ['arguments', 'parameters', 'args', 'input']

export function jsonCalls(spec: JsonCalls): CallFormat {
  const { open, close = '', space = '', several, nameKey = 'name', inputKey = 'arguments', prefix } = spec
  const [listOpen, listBetween, listClose] = spec.listSpace ?? ['', ' ', '']
  return {
    name: spec.name ?? 'JSON',
    signs: open === '' ? ['{', ...(prefix === undefined ? [] : [prefix])] : [open, ...(spec.openAlso ?? [])],
    marks: [close],
    ends: close === '' ? [] : [close],
    ...(spec.hints && { hints: spec.hints }),
    forced: open + space,
    parallel: several !== undefined || (open !== '' && close !== ''),
    ...(open === '' && { atStart: true }),
    ...(spec.uncertain && { uncertain: true }),
    isUsual(written) {
      const calls = written.slice(written.indexOf(open) + open.length).trimStart()
      return calls.startsWith(several === 'list' ? '[' : '{') && calls.includes(close)
    },
    *read(source, sign, { tools, onCall }) {
      const onRealCall = (call: ParsedCall) => call.name !== spec.noCall && onCall(call)
      yield* readCalls(source, { tools, onCall: onRealCall }, spec, sign === '{' ? '{' : '')
      yield* source.skipSpace()
      if (close === '') return
      // Some models write a brace too many.
      if ((yield* source.take('}', close)) !== '}') return
      yield* source.skipSpace()
      yield* source.take(close)
    },
    grammar(rules, tools) {
      const call = (name: string, input: string): GrammarPart[] => {
        const key = (key: string): GrammarPart[] => [JSON.stringify(key), { space: '' }, ':', { space: ' ' }]
        const id = ([name, values]: [string, string]): GrammarPart[] => [...key(name), { rule: values }]
        if (nameKey === '*') return ['{', { space: '' }, ...key(name), { rule: input }, { space: '' }, '}']
        return [
          ...['{', { space: '' }],
          ...(spec.idBefore ? [...id(spec.idBefore), ',', { space: ' ' }] : []),
          ...[...key(nameKey), JSON.stringify(name), ',', { space: ' ' }, ...key(inputKey), { rule: input }],
          ...(spec.idAfter ? [',', { space: ' ' }, ...id(spec.idAfter)] : []),
          ...[{ space: '' }, '}'],
        ]
      }
      const calls = tools.map(({ function: f }) => call(f.name, rules.add(f.parameters)))
      const lead: GrammarPart[] = several === 'list' ? [{ space }, '[', { space: listOpen }] : [{ space }]
      const between: GrammarPart[] = several === 'list' ? [',', { space: listBetween }] : ['\n']
      const end: GrammarPart[] = [
        ...(several === 'list' ? [{ space: listClose }, ']'] : []),
        ...(close === '' ? [] : [{ space }, close]),
      ]
      return {
        first: calls.map((parts) => [...lead, ...parts]),
        next: several === undefined ? [] : calls.map((parts) => [...between, ...parts]),
        end,
      }
    },
  }
}

/** Reads objects, or lists of them, one after the other. */
function* readCalls(source: Source, context: CallContext, spec: JsonCalls, begun: string): Parser<void> {
  let count = 0
  for (;;) {
    if (begun === '') yield* source.skipSpace()
    const next = begun || (yield* source.peek())
    if (next === '[') {
      // Each call of a list is read as soon as it is complete.
      yield* source.expect('[')
      for (;;) {
        yield* source.skipSpace()
        if ((yield* source.take(']', ',')) === ']') break
        yield* source.skipSpace()
        if ((yield* source.peek()) !== '{') throw new NotACall('a list of calls holds objects')
        context.onCall(callOf(yield* source.json(), spec))
      }
      return
    }
    if (next !== '{') {
      if (count > 0) return
      throw new NotACall('a call is an object')
    }
    context.onCall(callOf(yield* source.json(begun), spec))
    count++
    // Between two signs, there may be more calls than one.
    if (begun !== '' || (spec.several === undefined && (spec.close ?? '') === '')) return
  }
}

function callOf(value: unknown, { nameKey = 'name', inputKey = 'arguments' }: JsonCalls): ParsedCall {
  const fields = value as Record<string, unknown>
  if (nameKey === '*') {
    const [entry, ...more] = Object.entries(fields)
    if (entry === undefined || more.length > 0) throw new NotACall('a call is named by its only key')
    return { name: entry[0], input: inputOf(entry[1]) }
  }
  const inner = typeof fields.function === 'object' && fields.function !== null ? fields.function : fields
  const of = inner as Record<string, unknown>
  const name = of[nameKey] ?? nameKeys.map((key) => of[key]).find((name) => typeof name === 'string')
  const input = of[inputKey] ?? inputKeys.map((key) => of[key]).find((input) => input !== undefined) ?? {}
  if (typeof name !== 'string') throw new NotACall('a call without a name')
  return { name, input: inputOf(input) }
}

/** Arguments; some models write them as a text of JSON. */
export function inputOf(input: unknown): unknown {
  if (typeof input !== 'string') return input
  try {
    return jsonOf(input)
  } catch {
    return input
  }
}
