// Variables and message fields by which chat templates are told of thinking. They have no common names: each template reads
// the ones it knows.
import type { ChatJob } from '../../supervisor/protocol.js'

type Reasoning = ChatJob['reasoning']

/**
 * Where a template reads the thinking of earlier answers. `parts`: in content parts of type `thinking`; `analysis`: in fields,
 * and beside calls the text as well.
 */
export type ThoughtKeys = 'fields' | 'parts' | 'analysis'

export function thinkingVariables(
  source: string,
  reasoning: Reasoning,
  budget?: number,
): Record<string, unknown> {
  if (reasoning === undefined && budget === undefined) return {}
  const on = reasoning !== 'off'
  const effort = reasoning && effortOf(source, reasoning)
  return {
    enable_thinking: on,
    thinking: on,
    thinking_mode: on ? 'enabled' : 'disabled',
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...((!on || budget !== undefined) && { thinking_budget: on ? budget : 0 }),
  }
}

/** The level in the template's own words: some refuse others. */
function effortOf(source: string, reasoning: NonNullable<Reasoning>): string | undefined {
  const knows = (word: string) => source.includes(`'${word}'`) || source.includes(`"${word}"`)
  const known = (...words: string[]) => words.find(knows)
  switch (reasoning) {
    case 'off':
      return known('no_think', 'minimal') ?? (source.includes('reasoning_effort') ? 'low' : undefined)
    case 'minimal':
      return known('minimal') ?? 'low'
    case 'medium':
      // Where the levels are listed without it, the next one.
      return knows('no_think') && !knows('medium') ? 'high' : 'medium'
    case 'max':
      return known('max', 'xhigh') ?? 'high'
    default:
      return reasoning
  }
}

export function thoughtKeys(source: string): ThoughtKeys {
  if (source.includes('<|channel|>analysis')) return 'analysis'
  return /\[THINK\]/.test(source) && /['"]thinking['"]/.test(source) ? 'parts' : 'fields'
}

/** The fields of an assistant message that hold its thinking. */
export function thoughtFields(
  keys: ThoughtKeys,
  thought: string,
  content: string,
  withCalls: boolean,
): Record<string, unknown> {
  switch (keys) {
    case 'parts':
      return {
        content: [
          { type: 'thinking', thinking: thought },
          ...(content === '' ? [] : [{ type: 'text', text: content }]),
        ],
      }
    // gpt-oss takes one of text and thinking beside calls: both are its analysis.
    case 'analysis':
      return withCalls && content !== ''
        ? { thinking: `${thought}\n${content}`, content: '' }
        : { thinking: thought }
    case 'fields':
      return { reasoning_content: thought, thinking: thought, reasoning: thought }
  }
}
