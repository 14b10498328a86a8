// Grammars: an answer that can only be JSON of the shape that was asked for, a call that can only be one of a tool.
import type { LlamaGrammar, LlamaGrammarEvaluationState } from 'node-llama-cpp'
import type { TemplateTool } from '../protocol.js'
import type { CallFormat } from './call-format.js'
import type { Engine } from './engine.js'
import { JobError } from './failure.js'
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
  const rules = new SchemaGrammar()
  const text = rules.text(schema === undefined ? 'object | array' : rules.add(schema))
  const grammar = await compiled(engine, text, 'This JSON schema')
  return { grammar: await stateOf(engine, grammar), unkept: [...rules.unkept] }
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
  const rules = new SchemaGrammar()
  const key = (name: string) => `${literal(JSON.stringify(name))} ":" ws`
  const call = tools
    .map(({ function: { name, parameters } }) => {
      const input = rules.add(parameters)
      return `"{" ws ${key(nameKey)} ${literal(JSON.stringify(name))} "," ws ${key(inputKey)} ${input} ws "}"`
    })
    .join(' | ')
  const what = 'The input of these tools'
  const plain = await compiled(engine, rules.text(call), what)
  const led = lead === '' ? plain : await compiled(engine, rules.text(`${literal(lead)} (${call})`), what)
  return {
    grammar: (isLed) =>
      new LlamaGrammarEvaluationState({ model: engine.model, grammar: isLed ? led : plain }),
    unkept: [...rules.unkept],
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
