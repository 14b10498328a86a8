// The capabilities of a model, as far as they are known without asking the server. Loaded when they are first needed.
import type { Capabilities, ServerToolName } from '@patchbay/core'
import type { Target } from './api.js'
import { dialectOf } from './dialects.js'
import { endOfLifeOf } from './end-of-life.js'
import { familyOf } from './model-families.js'

/** Whether one of OpenAI's models makes images or speech, by its name. */
function madeOf(model: string): Pick<Capabilities, 'image' | 'speech'> {
  const image = /^(gpt-image|chatgpt-image|dall-e)/.test(model)
  const speech = /(^|-)tts\b/.test(model)
  return image || speech ? { image, speech } : {}
}

/** By the tables of servers and models; `'unknown'` where they have nothing. */
export function capabilitiesOf({ model, preset }: Target, api: 'chat' | 'responses'): Capabilities {
  const dialect = dialectOf(preset)
  const { efforts, alwaysReasons, sampling, refuses = [], chatTools } = familyOf(dialect.models, model)
  const endOfLife = endOfLifeOf(dialect.models, model)
  const isResponses = api === 'responses'
  const isOpenAIs = preset.name === 'openai'
  const maybe = isOpenAIs ? true : 'unknown'
  const refused = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, false]))
  return {
    tools: !isResponses && chatTools === 'never' ? false : maybe,
    vision: maybe,
    // Without files, text files are still sent as text.
    files: dialect.files ? maybe : 'unknown',
    audio: isResponses || !dialect.audio ? false : 'unknown',
    json: maybe,
    reasoning: efforts === undefined || alwaysReasons ? 'unknown' : efforts.length > 0,
    embed: 'unknown',
    ...(isOpenAIs && madeOf(model)),
    // A service goes on with a message that it marks; OpenAI's models answer it.
    prefill: dialect.prefill !== undefined ? true : isOpenAIs ? false : 'unknown',
    ...(isResponses && { serverTools: serverToolsOf(preset.name, model) }),
    options: {
      ...refused(dialect.refuses),
      ...refused(refuses),
      ...(!dialect.budget && refused(['reasoningBudget'])),
      ...(isResponses && refused(['topK', 'minP', 'seed', 'stop', 'frequencyPenalty', 'presencePenalty'])),
      ...(!preset.moreSampling && refused(['topK', 'minP'])),
      ...(!preset.parallelToolCalls && refused(['parallelToolCalls'])),
      ...(sampling === 'never' && refused(['temperature', 'topP', 'logprobs'])),
    },
    ...(endOfLife && { endOfLife }),
  }
}

/**
 * The tools of the services that have them on the Responses API. Sources, November 2026: platform.openai.com/docs/models (tools of each
 * model) and learn.microsoft.com/azure/ai-foundry/openai/how-to/responses (supported features).
 */
function serverToolsOf(service: string | undefined, model: string): readonly ServerToolName[] {
  // Models before gpt-4o have none.
  if (/^gpt-(3|4($|-))/.test(model)) return []
  const everywhere = [
    'openai.fileSearch',
    'openai.codeExecution',
    'openai.imageGeneration',
    'openai.mcp',
  ] as const
  return service === 'openai' ? ['openai.webSearch', ...everywhere] : service === 'azure' ? everywhere : []
}
