// Converts the message chunks of a LangChain chat model to backend events.
import type { AIMessageChunk } from '@langchain/core/messages'
import type { BackendEvent, Citation, FinishReason, OpaqueState, Warning } from '@patchbay/core'
import { TruncatedCallGuard } from '@patchbay/core/wire'
import { isObject } from '@patchbay/core/wrap'
import { fromBlock } from '../blocks.js'
import { owner } from '../messages.js'
import { type Json, standardBlock } from '../standard-blocks.js'
import { inputOf } from '../to-langchain/invalid-calls.js'
import { lossReporter } from '../unsupported-content.js'
import { fromUsage } from '../usage.js'

export async function* fromChunks(
  stream: AsyncIterable<AIMessageChunk>,
  warn: (warning: Warning) => void,
): AsyncGenerator<BackendEvent> {
  let whole: AIMessageChunk | undefined
  let open: 'text' | 'reasoning' | undefined
  let raw = ''
  const ids = new Map<number | string, string>()
  for await (const chunk of stream) {
    whole = whole === undefined ? chunk : whole.concat(chunk)
    raw = reasonOf(chunk) ?? raw
    for (const block of chunk.contentBlocks) {
      const { type, reasoning, text } = standardBlock(block)
      if ((type === 'reasoning' && reasoning) || (type === 'text' && text)) {
        open = type
        yield { type, text: String(text ?? reasoning) }
      }
    }
    for (const { index, id, name, args } of chunk.tool_call_chunks ?? []) {
      const key = index ?? id ?? 0
      if (!ids.has(key) && id && name) {
        open = undefined
        ids.set(key, id)
        yield { type: 'tool-call-start', id, name }
      }
      const known = ids.get(key)
      if (known !== undefined && args) yield { type: 'tool-call-delta', id: known, json: args }
    }
  }
  if (whole === undefined) return
  yield* endEvents(whole, raw, open, new Set(ids.values()), warn)
}

function* endEvents(
  whole: AIMessageChunk,
  raw: string,
  open: 'text' | 'reasoning' | undefined,
  announced: Set<string>,
  warn: (warning: Warning) => void,
): Generator<BackendEvent> {
  const { usage_metadata, response_metadata: metadata } = whole
  const warnings: Warning[] = []
  const lost = lossReporter(warnings, true)
  const calls = callsOf(whole)
  const others = whole.contentBlocks.map(standardBlock).filter(({ type }) => !streamed.has(String(type)))
  const citations = whole.contentBlocks.flatMap((block): Citation[] => {
    const [part] =
      block.type === 'text' ? fromBlock({ type: 'text', annotations: block.annotations }, lost) : []
    return part?.type === 'text' ? (part.citations ?? []) : []
  })
  const opaque = stateOf(whole)
  const holder = calls.length > 0 ? 'call' : open !== undefined ? 'part' : 'block'
  const cited = open === 'text' && citations.length > 0 ? { citations } : {}
  if (open !== undefined) yield { type: 'part-end', ...cited, ...(holder === 'part' && opaque && { opaque }) }
  if (open !== 'text' && citations.length > 0)
    lost.detail('citations of an answer that does not end in its text')
  for (const block of others)
    if (known.has(String(block.type))) for (const part of fromBlock(block, lost)) yield { type: 'part', part }
  if (holder === 'block' && opaque)
    yield { type: 'part', part: { type: 'provider-block', kind: 'message', opaque } }
  const mapped = reasons[raw.toLowerCase()] ?? 'other'
  const finishReason = mapped === 'other' && calls.length > 0 ? 'tool-calls' : mapped
  const last = new TruncatedCallGuard()
  for (const [at, call] of calls.entries())
    yield* last.take(
      { type: 'tool-call', ...call, ...(at === calls.length - 1 && opaque && { opaque }) },
      announced.has(call.id),
    )
  yield* last.end(finishReason)
  for (const warning of [...warnings, ...(Array.isArray(metadata.warnings) ? metadata.warnings : [])])
    warn(warning)
  const id = metadata.id ?? whole.id
  const { model_name: model = metadata.model } = metadata
  const stopSequence = metadata.stop_sequence ?? whole.additional_kwargs.stop_sequence
  yield {
    type: 'finish',
    response: {
      finishReason,
      ...(raw !== '' && { rawFinishReason: String(metadata.raw_finish_reason ?? raw) }),
      // LangChain makes one up if there is none.
      ...(typeof id === 'string' && !id.startsWith('run-') && { id }),
      ...(typeof model === 'string' && model !== '' && { model }),
      ...(typeof stopSequence === 'string' && { stopSequence }),
      usage: fromUsage(usage_metadata),
    },
  }
}

const streamed = new Set([
  ...['text', 'reasoning', 'tool_call', 'tool_call_chunk', 'invalid_tool_call', 'input_json_delta'],
])
// Only the model understands other fields; they are sent back with the message.
const known = new Set(['image', 'file', 'audio', 'text-plain', 'refusal', 'server_tool_call_result'])

/** The calls as the model wrote them: LangChain completes what was cut. */
function callsOf({ tool_calls = [], invalid_tool_calls = [], tool_call_chunks = [] }: AIMessageChunk) {
  const all = [
    ...tool_calls.map(({ id, name, args }) => {
      const written = tool_call_chunks.find((chunk) => chunk.id !== undefined && chunk.id === id)?.args
      const isText = written === undefined || written === '' || args.input === written
      return { id, name, input: isText ? args : inputOf(written) }
    }),
    ...invalid_tool_calls.map(({ id, name = '', args = '' }) => ({ id, name, input: inputOf(args) })),
  ]
  // Some models send none, and results are matched by id.
  return all.map(({ id, ...call }) => ({ id: id || `call_${crypto.randomUUID()}`, ...call }))
}

/** Opaque state that the model must get back with the message: signatures, blocks of its own. */
function stateOf({ content, contentBlocks, additional_kwargs, response_metadata }: AIMessageChunk) {
  const isPlain = contentBlocks.every((block) => {
    const { type, index: _, ...more } = block as Json
    return (type === 'text' || type === 'tool_call') && !('signature' in more) && !('extras' in more)
  })
  const isAll =
    isPlain && Object.keys(additional_kwargs).length === 0 && response_metadata.output === undefined
  if (isAll) return undefined
  const data = JSON.parse(JSON.stringify({ content, additional_kwargs, response_metadata }))
  return { provider: owner, data } satisfies OpaqueState
}

/** The finish reason in the service's own words. */
function reasonOf({
  response_metadata: metadata,
  additional_kwargs: more,
}: AIMessageChunk): string | undefined {
  const inside = (value: unknown, name: string) => (isObject(value) ? value[name] : undefined)
  return [
    inside(metadata.incomplete_details, 'reason'),
    ...['finish_reason', 'finishReason', 'stop_reason', 'stopReason', 'done_reason'].map(
      (name) => metadata[name],
    ),
    inside(metadata.messageStop, 'stopReason'),
    more.stop_reason,
    metadata.status,
  ].find((one): one is string => typeof one === 'string' && one !== '')
}

const words: Record<Exclude<FinishReason, 'other'>, string> = {
  stop: 'stop end_turn stop_sequence completed complete eos eos_token',
  length: 'length max_tokens max_output_tokens model_length model_context_window_exceeded',
  'tool-calls': 'tool-calls tool_calls tool_use function_call',
  'content-filter':
    'content-filter content_filter content_filtered guardrail_intervened safety recitation blocklist prohibited_content spii',
  refusal: 'refusal',
  pause: 'pause pause_turn',
}
const reasons = Object.fromEntries(
  Object.entries(words).flatMap(([reason, all]) => all.split(' ').map((word) => [word, reason])),
) as Record<string, FinishReason>
