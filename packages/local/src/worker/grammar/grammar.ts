// Grammars (GBNF) for the engine: JSON output by its schema.
import type { Llama, LlamaGrammarEvaluationState, LlamaModel } from 'node-llama-cpp'
import { JobError } from '../failure.js'
import { SchemaGrammar } from './schema-grammar.js'

/** What grammars need of the engine. */
export interface GrammarEngine {
  readonly llama: Llama
  readonly model: LlamaModel
}

/** A grammar, and the keywords of its schema that it does not enforce. */
export interface SchemaResult<Grammar> {
  grammar: Grammar
  unenforced: string[]
}

/**
 * A grammar for JSON output; without a schema, for any object or array.
 * @throws {JobError} `unsupported` for a schema without a grammar
 */
export async function jsonGrammar(
  engine: GrammarEngine,
  schema: unknown,
): Promise<SchemaResult<LlamaGrammarEvaluationState>> {
  const compile = await grammarCompiler(engine, 'This JSON schema')
  return withPatternFallback((rules) =>
    compile(rules.text(schema === undefined ? 'object | array' : rules.add(schema)))(),
  )
}

/** Retries without patterns: the engine cannot handle all of them. They are then among the unenforced keywords. */
export function withPatternFallback<Grammar>(make: (rules: SchemaGrammar) => Grammar): SchemaResult<Grammar> {
  let rules = new SchemaGrammar()
  try {
    return { grammar: make(rules), unenforced: [...rules.unenforced] }
  } catch (error) {
    if (!rules.hasPattern) throw error
    rules = new SchemaGrammar(false)
    return { grammar: make(rules), unenforced: [...rules.unenforced] }
  }
}

/** Texts of the grammars of states, for engines that compile them in another process. */
const texts = new WeakMap<LlamaGrammarEvaluationState, string>()

/** The text of the grammar that a state was made of. */
export function grammarText(state: LlamaGrammarEvaluationState): string {
  return texts.get(state) ?? ''
}

/** Compiles grammars: each result makes states for new texts. */
export async function grammarCompiler(
  { llama, model }: GrammarEngine,
  what: string,
): Promise<(text: string) => () => LlamaGrammarEvaluationState> {
  // Imported on use: the engine is an optional peer dependency.
  const { LlamaGrammar, LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  return (text) => {
    try {
      // `llama.createGrammar` does the same, but not at once, as a call needs that has begun.
      const grammar = new LlamaGrammar(llama, { grammar: text })
      return () => {
        const state = new LlamaGrammarEvaluationState({ model, grammar })
        texts.set(state, text)
        return state
      }
    } catch (cause) {
      throw new JobError(
        'unsupported',
        `${what} cannot be turned into a grammar: ${cause instanceof Error ? cause.message : cause}. Simplify it.`,
      )
    }
  }
}
