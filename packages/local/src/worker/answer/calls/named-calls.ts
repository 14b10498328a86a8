// Calls whose name stands before JSON arguments, between marks: Mistral, Kimi K2, DeepSeek V3 and R1, gpt-oss, Functionary,
// Solar.
import type { CallFormat, GrammarPart } from './call-format.js'
import { inputOf } from './json-calls.js'
import { NotACall } from './source.js'

export interface NamedCalls {
  name: string
  /** Texts that begin a section of calls, or a call. */
  open: string[]
  /** What each call begins with, after `open`. */
  callOpen?: string
  /** Between the beginning of a call and its name: a literal, or an id with its expression and the mark after it. */
  beforeName?: string | [id: string, mark: string]
  /** What stands between name and arguments, as the model writes it after each of `open`; the last text ends the name. */
  afterName: GrammarPart[]
  /** Other marks that may end the name: more is skipped up to `input`. */
  nameEnds?: string[]
  /** The mark before the arguments, if more may stand before it than a name. */
  input?: string
  /** Texts after the arguments; the first one is written. */
  callClose?: string[]
  /** The end of the section. */
  close?: string
  /** A further call of the same section is possible. */
  several?: boolean
}

export function namedCalls(spec: NamedCalls): CallFormat {
  const {
    open,
    callOpen = '',
    beforeName = '',
    afterName,
    callClose = [],
    close = '',
    several = false,
  } = spec
  const literals = afterName.filter((part) => typeof part === 'string')
  const nameEnds = spec.nameEnds ?? literals.slice(0, 1)
  const input = spec.input ?? literals.at(-1) ?? ''
  return {
    name: spec.name,
    signs: open,
    marks: [
      callOpen,
      Array.isArray(beforeName) ? beforeName[1] : beforeName,
      ...literals,
      ...nameEnds,
      input,
      ...callClose,
      close,
    ].filter((mark) => mark !== ''),
    ends: [...callClose, close].filter((mark) => mark !== ''),
    forced: open[0] as string,
    parallel: several || callClose.length === 0 || close === '',
    isUsual: (written) => literals.every((mark) => written.includes(mark)),
    *read(source, _, context) {
      for (let count = 0; ; count++) {
        yield* source.skipSpace()
        if (callOpen !== '' && (yield* source.take(callOpen)) === undefined) {
          if (count === 0) throw new NotACall('a section without a call')
          break
        }
        if (Array.isArray(beforeName)) yield* source.until(beforeName[1])
        else if (beforeName !== '') yield* source.take(beforeName)
        yield* source.skipSpace()
        const name = (yield* source.while(/[^\s{}<>"[]/)).replace(/:\d+$/, '')
        if (name === '') throw new NotACall('not a name')
        let mark = yield* source.take(...nameEnds)
        if (mark === undefined) {
          yield* source.skipSpace()
          mark = yield* source.expect(...nameEnds)
        }
        if (mark !== input) yield* source.until(input)
        context.onCall({ name, input: inputOf(yield* source.json()) })
        yield* source.skipSpace()
        if (callClose.length > 0) yield* source.take(...callClose)
        if (callOpen === '') break
      }
      yield* source.skipSpace()
      if (close !== '') yield* source.take(close)
    },
    grammar(rules, tools) {
      const calls = tools.map(({ function: { name, parameters } }): GrammarPart[] => [
        ...(callOpen === '' ? [] : [callOpen]),
        ...(Array.isArray(beforeName) ? [{ rule: beforeName[0] }, beforeName[1]] : [beforeName]),
        name,
        ...afterName,
        { rule: rules.add(parameters) },
        ...callClose.slice(0, 1),
      ])
      return {
        first: calls,
        next: several ? calls.map((parts) => [{ space: '' }, ...parts]) : [],
        end: close === '' ? [] : [close],
      }
    },
  }
}
