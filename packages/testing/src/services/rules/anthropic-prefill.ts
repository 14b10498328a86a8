// Rules of Anthropic's Messages API about the beginning of an answer, on the models that continue one.
import { type Json, listOf, type Rule } from '../rule.js'

const ask = (more: Json = {}): Json => ({
  model: 'claude-haiku-4-5',
  max_tokens: 4096,
  messages: [
    { role: 'user', content: 'Hi.' },
    { role: 'assistant', content: 'It is' },
  ],
  ...more,
})
const headers = { 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-strict' }
const own = ['text', 'thinking', 'redacted_thinking']
/** The beginning of an answer, and not a paused turn of server-side tools. */
const isPrefill = ({ messages }: Json): boolean => {
  const last = listOf(messages).at(-1)
  return last?.role === 'assistant' && listOf(last.content).every(({ type }) => own.includes(type))
}
const schema = { type: 'object', properties: {}, additionalProperties: false }

export const anthropicPrefill: readonly Rule[] = [
  {
    id: 'anthropic/prefill-with-format',
    refuses: 'A last message of the assistant together with output_config.format.',
    check: ({ body }) =>
      isPrefill(body) && body.output_config?.format
        ? 'output_config.format: prefilling assistant messages is not supported with structured outputs.'
        : undefined,
    ...{ source: 'anthropics/skills tool-use-concepts.md', date: '2026-07', sure: 'high' },
    example: {
      headers,
      breaks: ask({ output_config: { format: { type: 'json_schema', schema } } }),
      mends: { output_config: undefined },
    },
  },
  {
    id: 'anthropic/prefill-with-thinking',
    refuses: 'A last message of the assistant together with thinking.',
    check: ({ body }) =>
      isPrefill(body) && ['enabled', 'adaptive'].includes(body.thinking?.type)
        ? 'messages: responses cannot be pre-filled while thinking is enabled.'
        : undefined,
    ...{ source: 'platform.claude.com docs extended-thinking', date: '2026-11', sure: 'medium' },
    example: {
      headers,
      breaks: ask({ thinking: { type: 'enabled', budget_tokens: 2000 } }),
      mends: { thinking: undefined },
    },
  },
]
