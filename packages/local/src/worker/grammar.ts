// Grammars: an answer that can only be JSON, of the shape that was asked for.
import type { LlamaGrammarEvaluationState } from 'node-llama-cpp'
import type { Engine } from './engine.js'
import { JobError } from './failure.js'

/** @throws {JobError} `unsupported` when the schema has no grammar */
export async function jsonGrammar(
  { llama, model }: Engine,
  schema: unknown,
): Promise<LlamaGrammarEvaluationState> {
  // The engine may not be installed; only its loading says so, so nothing imports it at the start.
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  try {
    const grammar =
      schema === undefined
        ? await llama.getGrammarFor('json')
        : await llama.createGrammarForJsonSchema(schema as { type: 'object' })
    return new LlamaGrammarEvaluationState({ model, grammar })
  } catch (cause) {
    throw new JobError(
      'unsupported',
      `This JSON schema cannot be turned into a grammar: ${cause instanceof Error ? cause.message : cause}. Simplify it.`,
    )
  }
}
