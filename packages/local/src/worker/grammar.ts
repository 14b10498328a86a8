// Grammars: an answer that can only be JSON of the shape that was asked for, a call that can only be one of a tool.
import type { LlamaGrammar, LlamaGrammarEvaluationState } from 'node-llama-cpp'
import type { TemplateTool } from '../protocol.js'
import type { CallFormat } from './call-format.js'
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

/**
 * Makes the state of a grammar of calls, a new one for each call; `led` when the space before it is still due.
 * @throws {JobError} `unsupported` when the input of a tool has no grammar
 */
export async function callGrammar(
  { llama, model }: Engine,
  tools: TemplateTool[],
  { nameKey, inputKey, lead }: CallFormat,
): Promise<(led: boolean) => LlamaGrammarEvaluationState> {
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp')
  const forms = tools.map(({ function: { name, parameters } }) => ({
    type: 'object',
    properties: { [nameKey]: { const: name }, [inputKey]: parameters },
  }))
  let [plain, led]: (LlamaGrammar | undefined)[] = []
  try {
    plain = await llama.createGrammarForJsonSchema(
      (forms.length === 1 ? forms[0] : { oneOf: forms }) as { type: 'object' },
    )
    const rules = `${plain.grammar}\nled ::= ${JSON.stringify(lead)} root`
    led = lead === '' ? plain : await llama.createGrammar({ grammar: rules, rootRuleName: 'led' })
  } catch (cause) {
    throw new JobError(
      'unsupported',
      `The input of these tools cannot be turned into a grammar: ${cause instanceof Error ? cause.message : cause}. Simplify their schemas.`,
    )
  }
  const [first, later] = [plain, led]
  return (isLed) => new LlamaGrammarEvaluationState({ model, grammar: isLed ? later : first })
}
