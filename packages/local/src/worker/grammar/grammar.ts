// Grammars (GBNF) for the engine: JSON output by its schema, and calls of the offered tools.
import type { Llama, LlamaGrammar, LlamaGrammarEvaluationState, LlamaModel } from 'node-llama-cpp'
import type { TemplateTool } from '../../supervisor/protocol.js'
import type { CallFormat } from '../answer/call-format.js'
import { JobError } from '../failure.js'
import { SchemaGrammar } from './schema-grammar.js'
import { literal } from './text-grammar.js'

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
  return withPatternFallback(async (rules) => {
    const text = rules.text(schema === undefined ? 'object | array' : rules.add(schema))
    return initialState(engine, await compile(engine, text, 'This JSON schema'))
  })
}

/**
 * A grammar for tool calls: the function returns its state for a new call. `withSeparator`: the white space before the
 * call is not written yet.
 * @throws {JobError} `unsupported` for an input schema without a grammar
 */
export async function callGrammar(
  engine: GrammarEngine,
  tools: TemplateTool[],
  { nameKey, inputKey, separator }: CallFormat,
): Promise<SchemaResult<(withSeparator: boolean) => LlamaGrammarEvaluationState>> {
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  const key = (name: string) => `${literal(JSON.stringify(name))} ":" ws`
  return withPatternFallback(async (rules) => {
    const call = tools
      .map(({ function: { name, parameters } }) => {
        const input = rules.add(parameters)
        return `"{" ws ${key(nameKey)} ${literal(JSON.stringify(name))} "," ws ${key(inputKey)} ${input} ws "}"`
      })
      .join(' | ')
    const what = 'The input of these tools'
    const plain = await compile(engine, rules.text(call), what)
    const separated =
      separator === '' ? plain : await compile(engine, rules.text(`${literal(separator)} (${call})`), what)
    return (withSeparator) =>
      new LlamaGrammarEvaluationState({ model: engine.model, grammar: withSeparator ? separated : plain })
  })
}

/** Retries without patterns: the engine cannot handle all of them. They are then among the unenforced keywords. */
async function withPatternFallback<Grammar>(
  make: (rules: SchemaGrammar) => Promise<Grammar>,
): Promise<SchemaResult<Grammar>> {
  let rules = new SchemaGrammar()
  try {
    return { grammar: await make(rules), unenforced: [...rules.unenforced] }
  } catch (error) {
    if (!rules.hasPattern) throw error
    rules = new SchemaGrammar(false)
    return { grammar: await make(rules), unenforced: [...rules.unenforced] }
  }
}

async function initialState(
  { model }: GrammarEngine,
  grammar: LlamaGrammar,
): Promise<LlamaGrammarEvaluationState> {
  // Imported on use: the engine is an optional peer dependency.
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  return new LlamaGrammarEvaluationState({ model, grammar })
}

async function compile({ llama }: GrammarEngine, grammar: string, what: string): Promise<LlamaGrammar> {
  try {
    return await llama.createGrammar({ grammar })
  } catch (cause) {
    throw new JobError(
      'unsupported',
      `${what} cannot be turned into a grammar: ${cause instanceof Error ? cause.message : cause}. Simplify it.`,
    )
  }
}
