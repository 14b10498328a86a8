// Grammar for the rest of a tool call: from any point in its first literals on, as a token may hold more than the sign.
import type { LlamaGrammarEvaluationState } from 'node-llama-cpp'
import type { TemplateTool } from '../../supervisor/protocol.js'
import type { CallFormat, CallGrammar, GrammarPart } from '../answer/calls/call-format.js'
import { type GrammarEngine, grammarCompiler, type SchemaResult, withPatternFallback } from './grammar.js'
import type { SchemaGrammar } from './schema-grammar.js'
import { literal } from './text-grammar.js'

/** The state for a call of which this much is written after its sign; `undefined` if no call begins so. */
export type CallGrammarOf = (written: string) => LlamaGrammarEvaluationState | undefined

/**
 * A grammar for tool calls.
 * @throws {JobError} `unsupported` for an input schema without a grammar
 */
export async function callGrammar(
  engine: GrammarEngine,
  tools: TemplateTool[],
  format: CallFormat,
): Promise<SchemaResult<CallGrammarOf>> {
  const compile = await grammarCompiler(engine, 'The input of these tools')
  return withPatternFallback((rules) => {
    const grammar = format.grammar(rules, tools)
    const compiled = new Map<string, (() => LlamaGrammarEvaluationState) | undefined>()
    const stateAfter: CallGrammarOf = (written) => {
      if (!compiled.has(written)) {
        const text = rootOf(grammar, rules, written)
        compiled.set(written, text === undefined ? undefined : compile(text))
      }
      return compiled.get(written)?.()
    }
    stateAfter('')
    return stateAfter
  })
}

/** The text of the grammar after `written`; `undefined` if no call begins with it. */
export function rootOf(
  { first, next, end }: CallGrammar,
  rules: SchemaGrammar,
  written: string,
): string | undefined {
  const begun = first.flatMap((parts) => {
    const rest = after(parts, written)
    return rest === undefined ? [] : [sequence(rest)]
  })
  if (begun.length === 0) return undefined
  const more = next.length === 0 ? '' : `(${next.map(sequence).join(' | ')})*`
  return rules.text([`(${begun.join(' | ')})`, more, sequence(end)].filter((part) => part !== '').join(' '))
}

/** What is left of the parts after a text; white space of the text may be any. */
function after(parts: GrammarPart[], written: string): GrammarPart[] | undefined {
  let rest = written
  for (const [index, part] of parts.entries()) {
    if (rest === '') return parts.slice(index)
    if (typeof part === 'string') {
      if (part.startsWith(rest)) return [part.slice(rest.length), ...parts.slice(index + 1)]
      if (!rest.startsWith(part)) return undefined
      rest = rest.slice(part.length)
    } else if ('space' in part) {
      const written = rest.slice(0, rest.length - rest.trimStart().length)
      rest = rest.slice(written.length)
      const usual = part.space.startsWith(written) ? part.space.slice(written.length) : ''
      if (rest === '') return [{ space: usual }, ...parts.slice(index + 1)]
    } else return undefined
  }
  return rest === '' ? [] : undefined
}

function sequence(parts: GrammarPart[]): string {
  return parts
    .map((part) =>
      typeof part === 'string'
        ? part === ''
          ? ''
          : literal(part)
        : 'space' in part
          ? space(part.space)
          : part.rule,
    )
    .filter((part) => part !== '')
    .join(' ')
}

/** The usual white space of a format, or what JSON allows. */
function space(usual: string): string {
  return usual === '' || usual === ' ' ? 'ws' : `(${literal(usual)} | ws)`
}
