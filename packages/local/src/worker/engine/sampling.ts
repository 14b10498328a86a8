// Sampling options of a request, as the engine takes them.
import type { LlamaModel, SequenceEvaluateOptions, Token } from 'node-llama-cpp'
import type { SamplerOptions } from '../../options/sampler-options.js'
import type { ChatJob } from '../../supervisor/protocol.js'
import type { AnswerReader } from '../answer/answer.js'
import { JobError } from '../failure.js'
import { importEngine } from './import-engine.js'
import type { SamplingRequest } from './sequence.js'

/** The options of an evaluation, and the list of generated tokens, which the caller extends. */
export async function samplingOptions(
  model: LlamaModel,
  request: ChatJob,
  { grammar }: AnswerReader,
): Promise<SamplingRequest & { generated: Token[] }> {
  const {
    temperature = 0,
    topK,
    topP,
    minP,
    seed = Math.floor(Math.random() * 2 ** 32),
    frequencyPenalty,
    presencePenalty,
    sampler: { logitBias, repeatPenalty, dry, xtc } = {},
  } = request
  const generated: Token[] = []
  const penalties = {
    ...(repeatPenalty !== undefined && { penalty: repeatPenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
  }
  return {
    generated,
    temperature,
    seed,
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minP !== undefined && { minP }),
    ...(grammar !== undefined && { grammarEvaluationState: grammar }),
    ...(Object.keys(penalties).length > 0 && {
      repeatPenalty: { punishTokens: () => generated, maxPunishTokens: 1024, penalty: 1, ...penalties },
    }),
    ...(dry !== undefined && { dryRepeatPenalty: dryOptions(dry, model) }),
    ...(xtc !== undefined && { xtc }),
    ...(logitBias !== undefined && (await biasOptions(model, logitBias))),
    // The context is never shifted, which would silently drop its beginning. The loop stops before it is full.
    contextShift: {
      strategy: () => {
        throw new JobError('context-length', 'The context is full.')
      },
    },
  }
}

type DryOptions = NonNullable<SequenceEvaluateOptions['dryRepeatPenalty']>

function dryOptions(
  { strength, base, allowedLength, lastTokens, breakers }: NonNullable<SamplerOptions['dry']>,
  { trainContextSize }: LlamaModel,
): DryOptions {
  return {
    strength,
    // Without a number, node-llama-cpp 3.22.1 looks at none.
    lastTokens: lastTokens ?? trainContextSize,
    ...(base !== undefined && { base }),
    ...(allowedLength !== undefined && { allowedLength }),
    ...(breakers !== undefined && { sequenceBreakers: breakers }),
  }
}

async function biasOptions(
  model: LlamaModel,
  logitBias: Record<string, number>,
): Promise<Pick<SamplingRequest, 'biases' | 'tokenBias'>> {
  const { TokenBias } = await importEngine()
  const tokenBias = TokenBias.for(model)
  const biases = new Map<Token, number | 'never'>()
  for (const [text, logit] of Object.entries(logitBias))
    for (const token of model.tokenize(text, false, 'trimLeadingSpace')) {
      biases.set(token, logit === -100 ? 'never' : logit)
      tokenBias.set(token, logit === -100 ? 'never' : { logit })
    }
  return { biases, tokenBias }
}
