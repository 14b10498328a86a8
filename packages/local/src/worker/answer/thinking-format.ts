// Format of a model's thinking, detected by rendering some with its chat template.
import type { TemplateMessage } from '../../supervisor/protocol.js'
import { thinkingVariables } from '../prompt/thinking-variables.js'

/** The markers around the thinking before an answer: `<think>…</think>`. */
export interface ThinkingFormat {
  open: string
  close: string
}

/**
 * The text that ends a thought. A tag (`</think>`) is a line of its own with an empty one after it, as Qwen3's template and most
 * others write it, and so as the models have learnt it; after a control token (`<|end|>`) or words in brackets (`[/THINK]`) the
 * answer begins at once.
 */
export function endOfThought({ open, close }: ThinkingFormat): string {
  return isTag(open) ? `\n${close}\n\n` : close
}

/** The text that begins a thought: a tag is a line of its own. */
export function beginOfThought({ open }: ThinkingFormat): string {
  return isTag(open) ? `${open}\n` : open
}

function isTag(sign: string): boolean {
  return sign.startsWith('<') && !sign.includes('|')
}

type Render = (
  messages: TemplateMessage[],
  addGenerationPrompt: boolean,
  variables: Record<string, unknown>,
) => string

const probe = { question: 'probe question', thought: 'probe thought', content: 'probe content' }

// For templates that remove the thinking of all earlier messages, and so render none.
const knownFormats: ThinkingFormat[] = [
  { open: '<think>', close: '</think>' },
  { open: '[THINK]', close: '[/THINK]' },
]

/** The format, or `undefined` for a template without thinking. */
export function detectThinkingFormat(render: Render, source: string): ThinkingFormat | undefined {
  return (
    renderedFormat(render, {}) ??
    renderedFormat(render, thinkingVariables(source, 'high')) ??
    knownFormats.find(({ close }) => source.includes(close))
  )
}

function renderedFormat(render: Render, variables: Record<string, unknown>): ThinkingFormat | undefined {
  try {
    const question: TemplateMessage = { role: 'user', content: probe.question }
    const before = render([question], true, variables)
    const answer: TemplateMessage = {
      role: 'assistant',
      content: probe.content,
      reasoning_content: probe.thought,
    }
    const text = render([question, answer], false, variables)
    if (!text.startsWith(before)) return undefined
    const [beforeThought = '', rest] = text.slice(before.length).split(probe.thought)
    const close = rest?.split(probe.content)[0]?.trim()
    // If the prompt starts the thinking, it ends with the marker, after the head that all answers have.
    const plain = render([question, { role: 'assistant', content: probe.content }], false, variables)
    const head = plain.slice(0, plain.indexOf(probe.content))
    const open = beforeThought.trim() || (before.startsWith(head) && before.slice(head.length).trim())
    return open && close ? { open, close } : undefined
  } catch {
    // A template that refuses this conversation may still know thinking.
    return undefined
  }
}
