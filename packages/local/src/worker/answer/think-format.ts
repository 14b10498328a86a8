// How a model writes its thinking, found out by having its own chat template write some.
import type { TemplateMessage } from '../../supervisor/protocol.js'

/** The signs around thinking that stands before an answer: `<think>…</think>`. */
export interface ThinkFormat {
  open: string
  close: string
}

type Render = (messages: TemplateMessage[], prompt: boolean) => string

const probe = { question: 'probe question', thought: 'probe thought', content: 'probe content' }

// Templates that cut thinking out of every message of the past, and so write none.
const common: ThinkFormat[] = [
  { open: '<think>', close: '</think>' },
  { open: '[THINK]', close: '[/THINK]' },
]

/** Nothing where the template knows of no thinking. */
export function thinkFormat(render: Render, source: string): ThinkFormat | undefined {
  return written(render) ?? common.find(({ close }) => source.includes(close))
}

function written(render: Render): ThinkFormat | undefined {
  try {
    const question: TemplateMessage = { role: 'user', content: probe.question }
    const before = render([question], true)
    const answer: TemplateMessage = {
      role: 'assistant',
      content: probe.content,
      reasoning_content: probe.thought,
    }
    const text = render([question, answer], false)
    if (!text.startsWith(before)) return undefined
    const [lead = '', rest] = text.slice(before.length).split(probe.thought)
    const close = rest?.split(probe.content)[0]?.trim()
    // Where the prompt itself begins the thinking, the sign stands in it, past the head of every answer.
    const said = render([question, { role: 'assistant', content: probe.content }], false)
    const head = said.slice(0, said.indexOf(probe.content))
    const open = lead.trim() || (before.startsWith(head) && before.slice(head.length).trim())
    return open && close ? { open, close } : undefined
  } catch {
    // A template that refuses such a conversation may still think.
    return undefined
  }
}
