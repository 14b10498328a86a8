// Limits and rules of Gemini models, by family. Sources, all of November 2026 unless a line says otherwise:
// ai.google.dev/gemini-api/docs/models (limits), /thinking (levels and budgets), /thought-signatures, /function-calling
// (media in results), /structured-output and /deprecations.
import type { Capabilities, ServerToolName } from '@patchbay/core'

/** A level of thinking, as the service names it. */
export type Level = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

/** The rules of a model family. */
export interface ModelRules {
  /** Tokens of one answer at most, thoughts included. */
  maxOutput: number
  /** Tokens of the prompt at most. */
  contextWindow: number
  /** How much to think is said by one of these levels, from 3 on. */
  levels?: readonly Level[]
  /** How much to think is said in tokens, before 3. With `off`, 0 turns it off. */
  budget?: { min: number; max: number; off: boolean }
  /** Whether a call of an earlier turn must have the signature it came with. */
  signedCalls: boolean
  /** Whether one request may have tools and a form of the answer. */
  toolsWithJson: boolean
  /** Whether the result of a tool may hold images and documents. */
  mediaInResults: boolean
  /** The last day the Gemini API serves it, as `YYYY-MM-DD`, once that is announced. */
  endOfLife?: string
}

const since3: ModelRules = {
  maxOutput: 65_536,
  contextWindow: 1_048_576,
  levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'],
  signedCalls: true,
  toolsWithJson: true,
  mediaInResults: true,
}
// Its levels since 3.1: simstudioai/sim#4660 (May 2026), ai.google.dev/gemini-api/docs/thinking.
const pro3: ModelRules = { ...since3, levels: ['LOW', 'MEDIUM', 'HIGH'] }
const generation25: ModelRules = {
  maxOutput: 65_536,
  contextWindow: 1_048_576,
  budget: { min: 1, max: 24_576, off: true },
  signedCalls: false,
  toolsWithJson: false,
  mediaInResults: false,
  endOfLife: '2026-12-01',
}
const { budget: _, endOfLife: __, ...withoutThinking } = generation25

/** The first pattern that a model's name matches. */
const families: [pattern: RegExp, rules: ModelRules][] = [
  [/^gemini-3-pro-preview/, { ...pro3, levels: ['LOW', 'HIGH'], endOfLife: '2026-03-09' }],
  [/^gemini-3(\.\d+)?-pro/, pro3],
  [/^gemini-3/, since3],
  [/^gemini-2\.5-pro/, { ...generation25, budget: { min: 128, max: 32_768, off: false } }],
  [/^gemini-2\.5-flash-lite/, { ...generation25, budget: { min: 512, max: 24_576, off: true } }],
  [/^gemini-2\.5/, generation25],
  [/^gemini-(1|2\.0)/, { ...withoutThinking, maxOutput: 8_192 }],
]

/** The day on which the table was last compared with its sources. `npm run check` warns when it is old. */
const tableDate = '2026-11-28'

/** The rules of a model. */
export interface KnownRules extends ModelRules {
  /** Whether the table has it. */
  isKnown: boolean
  /** Whether its end is announced. A model that has ended before is not: where it still answers, another service has it. */
  isDeprecated: boolean
}

/** The rules of a model; for one that the table does not have, those of the newest family. */
export function rulesFor(model: string, own: Partial<ModelRules> = {}): KnownRules {
  const name = model.replace(/^.*\//, '')
  const known = families.find(([pattern]) => pattern.test(name))?.[1]
  const rules = { ...(known ?? since3), ...own }
  return {
    ...rules,
    isKnown: known !== undefined,
    isDeprecated: rules.endOfLife !== undefined && rules.endOfLife >= tableDate,
  }
}

/**
 * The tools of the service that a model has. Sources: ai.google.dev/gemini-api/docs/tools and /models; "This field is not supported in
 * Vertex AI" of @google/genai 2.32.0 (Tool). Models before 2.0 have none of these.
 */
export function serverToolsOf(model: string, isVertex: boolean): readonly ServerToolName[] {
  if (/embedding|gemini-1/.test(model) || !model.includes('gemini')) return []
  const everywhere = ['gemini.webSearch', 'gemini.webFetch', 'gemini.codeExecution', 'gemini.maps'] as const
  return isVertex ? everywhere : [...everywhere, 'gemini.fileSearch']
}

/** What a model can do, by its rules. */
export function capabilitiesOf(
  model: string,
  { levels, budget, maxOutput, contextWindow, endOfLife, isKnown }: KnownRules,
): Capabilities {
  const yes = isKnown ? true : 'unknown'
  const isEmbedding = /embedding/.test(model)
  const image = /^imagen|-image\b/.test(model)
  const speech = /-tts\b/.test(model)
  return {
    tools: isEmbedding ? false : yes,
    vision: isEmbedding ? 'unknown' : yes,
    files: isEmbedding ? 'unknown' : yes,
    audio: isEmbedding ? 'unknown' : yes,
    json: isEmbedding ? false : yes,
    reasoning: !isKnown ? 'unknown' : levels !== undefined || budget !== undefined,
    embed: isEmbedding ? true : 'unknown',
    // Those that make either say so in their names (ai.google.dev, models, November 2026).
    ...((image || speech || isEmbedding || isKnown) && { image, speech }),
    // The service takes it; what a model makes of it is not documented.
    prefill: 'unknown',
    options: {
      minP: false,
      parallelToolCalls: false,
      // Some models refuse them: "Penalty is not enabled for this model", "Logprobs is not supported for the current model".
      ...{ frequencyPenalty: 'unknown', presencePenalty: 'unknown', logprobs: 'unknown' },
    },
    contextWindow,
    ...(isKnown && { maxOutput }),
    ...(endOfLife && { endOfLife }),
  }
}
