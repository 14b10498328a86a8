// Text completions and fill-in-the-middle over chat models: a prompt that is to be continued, as a conversation.
import type { CallOptions, ChatRequest, Message, Provider } from '@patchbay/core'

/** Text before and after the place that the model fills. */
interface Gap {
  prefix: string
  suffix: string
}

// How editors write a gap for models that were trained on it. Source: the model cards of Qwen2.5-Coder, StarCoder2, CodeLlama,
// DeepSeek-Coder and Codestral, as used by Continue's autocompletion templates, November 2026.
const markers: [prefix: string, suffix: string, middle: string][] = [
  ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'],
  ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'],
  ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
  ['<PRE>', '<SUF>', '<MID>'],
]

/** The gap that a raw prompt marks; undefined for another prompt. */
function gapIn(prompt: string): Gap | undefined {
  for (const [start, hole, end] of markers) {
    const from = prompt.indexOf(start)
    const at = prompt.indexOf(hole, from)
    const to = prompt.lastIndexOf(end)
    if (from >= 0 && at > from && to > at)
      return { prefix: prompt.slice(from + start.length, at), suffix: prompt.slice(at + hole.length, to) }
  }
  // Codestral has the suffix first.
  const [, suffix, prefix] = /^\[SUFFIX\](.*)\[PREFIX\](.*)$/s.exec(prompt) ?? []
  return suffix === undefined || prefix === undefined ? undefined : { prefix, suffix }
}

/** The gap of a prompt: before the suffix, or marked in a raw prompt. */
export function gapOf(prompt: string, suffix: string | undefined): Gap | undefined {
  return suffix === undefined || suffix === '' ? gapIn(prompt) : { prefix: prompt, suffix }
}

/** The request for the text of a gap; a model with tokens of its own for that gets the texts as they are. */
export async function withInfill(
  request: ChatRequest,
  gap: Gap | undefined,
  provider: Provider,
  options: CallOptions,
): Promise<ChatRequest> {
  if (gap === undefined || request.output !== undefined) return request
  const { infill } = await provider.capabilities(options)
  return infill === true ? { ...request, providerOptions: { local: { infill: { ...gap } } } } : request
}

/** A conversation whose answer continues the prompt, or fills the gap before the suffix. */
export function toCompletionMessages(prompt: string, suffix?: string): Message[] {
  const gap = gapOf(prompt, suffix)
  if (gap === undefined)
    return [
      {
        role: 'system',
        content:
          'Continue the text of the user. Answer with the continuation only: do not repeat the text, do not explain, and use no code fences that the text does not have.',
      },
      { role: 'user', content: prompt },
    ]
  return [
    {
      role: 'system',
      content:
        'The user sends a text with a gap between <prefix> and <suffix>. Answer only with the text for the gap: no explanation, no code fences, nothing of the prefix or the suffix.',
    },
    {
      role: 'user',
      content: `<prefix>${gap.prefix}</prefix>\n<suffix>${gap.suffix}</suffix>`,
    },
  ]
}
