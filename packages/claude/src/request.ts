// Our request as the body of POST /v1/messages. Source: platform.claude.com/docs/en/api/messages, November 2026.
import {
  type JsonSchema,
  LlmError,
  type Part,
  type PreparedChat,
  type PreparedMessage,
  type Warning,
} from '@patchbay/core'
import {
  fromBase64,
  type OmissionWarner,
  omissionWarner,
  separateMedia,
  stateOf,
  toBase64,
} from '@patchbay/core/wire'
import type { ModelRules } from './models.js'
import { strictSchema } from './schema.js'

/** A block or a message as it goes over the wire. */
export type Block = Record<string, unknown>
export interface WireMessage {
  role: 'user' | 'assistant'
  content: Block[]
}
export interface WireChat extends Record<string, unknown> {
  model: string
  max_tokens: number
  messages: WireMessage[]
}

/** @throws {LlmError} `unsupported` for what the API has no form for */
export function toWire(
  model: string,
  chat: PreparedChat,
  rules: ModelRules,
  warn: (warning: Warning) => void,
): WireChat {
  const {
    temperature,
    topP,
    topK,
    stop,
    tools,
    toolChoice,
    parallelToolCalls,
    output,
    reasoning,
    providerOptions,
  } = chat
  const maxTokens = chat.maxOutputTokens ?? rules.maxOutput
  const { thinking, effort } = toThinking(reasoning, rules, maxTokens)
  if (
    thinking !== undefined &&
    thinking.type !== 'disabled' &&
    (temperature !== undefined || topK !== undefined)
  )
    throw new LlmError(
      'unsupported',
      `${model} takes no temperature or topK while it thinks. Leave them out, or set reasoning: 'off'.`,
    )
  if (!rules.bothSampling && temperature !== undefined && topP !== undefined)
    throw new LlmError('unsupported', `${model} takes temperature or topP, not both. Leave one out.`)
  if (temperature !== undefined && temperature > 1)
    throw new LlmError('unsupported', `${model} takes a temperature from 0 to 1. Lower it.`)
  const format = output && toFormat(model, output.schema, warn)
  const config = { ...(effort && { effort }), ...(format && { format }) }
  const system = chat.messages.filter(({ role }) => role === 'system')
  const lost = omissionWarner('Claude', warn)
  const messages = toMessages(chat.messages, lost)
  const body: WireChat = {
    model,
    max_tokens: maxTokens,
    messages,
    ...(system.length > 0 && { system: system.flatMap((message) => toBlocks(message, lost)) }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema }) => ({
        name,
        ...(description !== undefined && { description }),
        input_schema: { type: 'object', ...schema },
      })),
    }),
    ...(tools.length > 0 && toToolChoice(toolChoice, parallelToolCalls)),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stop && { stop_sequences: stop }),
    ...(thinking && { thinking }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
  }
  const blocks = [
    ...((body.system as Block[] | undefined) ?? []),
    ...messages.flatMap(({ content }) => content),
  ]
  if (keepFourBreakpoints(blocks))
    warn({
      code: 'unsupported',
      feature: 'cache',
      message: 'Claude takes four cache marks in a request; the older ones were left out.',
    })
  return { ...body, ...providerOptions }
}

function toThinking(
  reasoning: PreparedChat['reasoning'],
  rules: ModelRules,
  maxTokens: number,
): { thinking?: Block; effort?: string } {
  if (reasoning === undefined) return {}
  if (reasoning === 'off') return rules.thinking === 'none' ? {} : { thinking: { type: 'disabled' } }
  const efforts = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', max: 'max' } as const
  if (typeof reasoning === 'string' && rules.thinking === 'adaptive')
    return { thinking: { type: 'adaptive' }, effort: efforts[reasoning] }
  const budgets = { minimal: 1_024, low: 4_096, medium: 10_000, high: 20_000, max: 31_999 } as const
  // A level leaves room for the answer; a number is meant as it stands.
  const budget =
    typeof reasoning === 'string'
      ? Math.max(1_024, Math.min(budgets[reasoning], Math.floor(maxTokens * 0.8)))
      : reasoning.budgetTokens
  if (budget < 1_024 || budget >= maxTokens)
    throw new LlmError(
      'unsupported',
      `Thinking takes at least 1,024 tokens and less than the whole answer (${maxTokens}), not ${budget}. Change reasoning or maxOutputTokens.`,
    )
  return { thinking: { type: 'enabled', budget_tokens: budget } }
}

function toFormat(model: string, schema: JsonSchema | undefined, warn: (warning: Warning) => void): Block {
  if (schema === undefined)
    throw new LlmError('unsupported', `${model} gives JSON by a schema only. Pass output: { schema }.`)
  const { schema: strict, dropped } = strictSchema(schema)
  if (dropped.length > 0)
    warn({
      code: 'other',
      feature: 'json',
      message: `Claude does not enforce ${dropped.join(', ')}; the answer is checked against them afterwards.`,
    })
  return { type: 'json_schema', schema: strict }
}

function toToolChoice(choice: PreparedChat['toolChoice'] = 'auto', parallel = true): Block {
  const one = parallel ? {} : { disable_parallel_tool_use: true }
  if (choice === 'none') return { tool_choice: { type: 'none' } }
  if (choice === 'required') return { tool_choice: { type: 'any', ...one } }
  if (choice === 'auto') return parallel ? {} : { tool_choice: { type: 'auto', ...one } }
  return { tool_choice: { type: 'tool', name: choice.name, ...one } }
}

/**
 * Roles alternate: turns of one side are merged, results first. Media stand on the user's side alone, and not in the result
 * of a tool that failed: what an answer or a failure shows comes after the results. System messages have a field of their
 * own.
 */
function toMessages(messages: PreparedMessage[], lost: OmissionWarner): WireMessage[] {
  const wire: WireMessage[] = []
  const say = (role: 'user' | 'assistant', content: Block[]) => {
    const last = wire.at(-1)
    if (content.length === 0) return
    if (last?.role === role) last.content.push(...content)
    else wire.push({ role, content })
  }
  let shown: Part[] = []
  const show = () => {
    say(
      'user',
      shown.flatMap((part) => toBlock(part, lost)),
    )
    shown = []
  }
  for (const message of messages) {
    if (message.role === 'system') continue
    if (message.role !== 'tool') show()
    if (message.role === 'assistant') {
      const spoken = separateMedia(message.content)
      say('assistant', toBlocks({ ...message, content: spoken.said }, lost))
      shown = spoken.shown
    } else {
      const content = message.content.map((part) => {
        if (part.type !== 'tool-result' || !part.isError || typeof part.output === 'string') return part
        const spoken = separateMedia(part.output)
        shown.push(...spoken.shown)
        return { ...part, output: spoken.said }
      })
      say('user', toBlocks({ ...message, content }, lost))
    }
  }
  show()
  const end = wire.at(-1)?.content.at(-1)
  // The API refuses white space at the end of an answer it should go on with.
  if (wire.at(-1)?.role === 'assistant' && end?.type === 'text') end.text = String(end.text).trimEnd()
  return wire
}

/** Blocks of our own making, or copies: what the caller handed over is his. */
function toBlocks({ content, cache }: PreparedMessage, lost: OmissionWarner): Block[] {
  const blocks = content.flatMap((part) => toBlock(part, lost))
  if (!cache) return blocks
  // A breakpoint sits on the last block that can carry one.
  const last = blocks.findLast(({ type }) => type !== 'thinking' && type !== 'redacted_thinking')
  if (last) last.cache_control = { type: 'ephemeral', ...(typeof cache === 'object' && { ttl: cache.ttl }) }
  else lost('cache')
  return blocks
}

function toBlock(part: Part, lost: OmissionWarner): Block[] {
  const own = stateOf(part, 'claude')
  switch (part.type) {
    case 'text':
      if (own?.citations === undefined && part.citations?.length) lost('citations')
      return part.text === '' ? [] : [{ type: 'text', text: part.text, ...own }]
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'reasoning':
      // Thinking without its signature cannot be read by the service.
      if (own !== undefined)
        return [
          own.type === 'redacted_thinking' ? { ...own } : { type: 'thinking', thinking: part.text, ...own },
        ]
      lost('reasoning')
      return []
    case 'image':
      return [{ type: 'image', source: toSource(part) }]
    case 'file':
      return [
        { type: 'document', source: toSource(part), ...(part.name !== undefined && { title: part.name }) },
      ]
    case 'audio':
      throw new LlmError(
        'unsupported',
        'Claude does not accept audio input. Leave the audio out, or send its transcript.',
      )
    case 'tool-call':
      return [{ type: 'tool_use', id: toId(part.id), name: part.name, input: part.input ?? {}, ...own }]
    case 'tool-result': {
      const content =
        typeof part.output === 'string' ? part.output : part.output.flatMap((one) => toBlock(one, lost))
      return [
        {
          type: 'tool_result',
          tool_use_id: toId(part.id),
          // The API refuses a failure without words.
          content: part.isError && content.length === 0 ? 'The tool failed.' : content,
          ...(part.isError && { is_error: true }),
        },
      ]
    }
    case 'provider-block':
      if (own !== undefined) return [{ ...own }]
      lost('provider-block')
      return []
  }
}

function toSource(part: Part & { type: 'image' | 'file' }): Block {
  if (part.url !== undefined) return { type: 'url', url: part.url }
  const { data, mediaType } = part
  if (mediaType === 'text/plain')
    return {
      type: 'text',
      media_type: mediaType,
      data: new TextDecoder().decode(typeof data === 'string' ? fromBase64(data) : data),
    }
  return { type: 'base64', media_type: mediaType, data: toBase64(data) }
}

/** Ids of other services may hold characters that Anthropic refuses. */
function toId(id: string): string {
  return id.replace(/[^\w-]/g, '_')
}

/** The service takes four breakpoints; the oldest of the messages give way, those of the system text stay. */
function keepFourBreakpoints(blocks: Block[]): boolean {
  const marked = blocks.filter((block) => block.cache_control !== undefined)
  for (const block of marked.slice(1, -3)) delete block.cache_control
  return marked.length > 4
}
