// Grammars: an answer that can only be JSON of the shape that was asked for, a call that can only be one of a tool.
import type { LlamaGrammar, LlamaGrammarEvaluationState } from 'node-llama-cpp'
import type { TemplateTool } from '../../supervisor/protocol.js'
import type { CallFormat } from '../answer/call-format.js'
import type { Engine } from '../engine/engine.js'
import { JobError } from '../failure.js'
import { SchemaGrammar } from './schema-grammar.js'
import { literal } from './text-grammar.js'

/** A grammar, and the keywords of its schema that it does not keep. */
export interface Kept<Grammar> {
  grammar: Grammar
  unkept: string[]
}

/** @throws {JobError} `unsupported` when the schema has no grammar */
export async function jsonGrammar(
  engine: Engine,
  schema: unknown,
): Promise<Kept<LlamaGrammarEvaluationState>> {
  return withoutPatternsIfNeedBe(async (rules) => {
    const text = rules.text(schema === undefined ? 'object | array' : rules.add(schema))
    return stateOf(engine, await compiled(engine, text, 'This JSON schema'))
  })
}

/**
 * Makes the state of a grammar of calls, a new one for each call; `led` when the space before it is still due.
 * @throws {JobError} `unsupported` when the input of a tool has no grammar
 */
export async function callGrammar(
  engine: Engine,
  tools: TemplateTool[],
  { nameKey, inputKey, lead }: CallFormat,
): Promise<Kept<(led: boolean) => LlamaGrammarEvaluationState>> {
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  const key = (name: string) => `${literal(JSON.stringify(name))} ":" ws`
  return withoutPatternsIfNeedBe(async (rules) => {
    const call = tools
      .map(({ function: { name, parameters } }) => {
        const input = rules.add(parameters)
        return `"{" ws ${key(nameKey)} ${literal(JSON.stringify(name))} "," ws ${key(inputKey)} ${input} ws "}"`
      })
      .join(' | ')
    const what = 'The input of these tools'
    const plain = await compiled(engine, rules.text(call), what)
    const led = lead === '' ? plain : await compiled(engine, rules.text(`${literal(lead)} (${call})`), what)
    return (isLed) => new LlamaGrammarEvaluationState({ model: engine.model, grammar: isLed ? led : plain })
  })
}

/** What the engine makes of a pattern may be too much for it: then patterns are among what is not kept. */
async function withoutPatternsIfNeedBe<Grammar>(
  make: (rules: SchemaGrammar) => Promise<Grammar>,
): Promise<Kept<Grammar>> {
  let rules = new SchemaGrammar()
  try {
    return { grammar: await make(rules), unkept: [...rules.unkept] }
  } catch (error) {
    if (!rules.hasPattern) throw error
    rules = new SchemaGrammar(false)
    return { grammar: await make(rules), unkept: [...rules.unkept] }
  }
}

async function stateOf({ model }: Engine, grammar: LlamaGrammar): Promise<LlamaGrammarEvaluationState> {
  // The engine may not be installed; only its loading says so, so nothing imports it at the start.
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  return new LlamaGrammarEvaluationState({ model, grammar })
}

async function compiled({ llama }: Engine, grammar: string, what: string): Promise<LlamaGrammar> {
  try {
    return await llama.createGrammar({ grammar })
  } catch (cause) {
    throw new JobError(
      'unsupported',
      `${what} cannot be turned into a grammar: ${cause instanceof Error ? cause.message : cause}. Simplify it.`,
    )
  }
}
