// Finds the format of a model's tool calls: renders some with its chat template, and looks which format reads them back.
import type { TemplateMessage, TemplateTool } from '../../../supervisor/protocol.js'
import { CallReader } from '../call-reader.js'
import type { CallFormat, ParsedCall } from './call-format.js'
import { jsonCalls } from './json-calls.js'
import { knownFormats } from './known-formats.js'

/** How calls of a model are read, and how its template wants those of the past. */
export interface DetectedCalls {
  format: CallFormat
  /** The template can write several calls of one turn. */
  parallel: boolean
  /** The template refuses ids that are not nine letters and digits. */
  shortIds: boolean
  /** The template wants arguments as a text of JSON. */
  textArguments: boolean
}

/** Renders a conversation, without a prompt for an answer at its end. */
export type Render = (messages: TemplateMessage[], tools?: TemplateTool[]) => string

const question: TemplateMessage = { role: 'user', content: 'probe question' }
const [shortId, longId] = ['probe0001', 'call_probe-identifier-1']
const inputs = [
  { probe_text: 'probe "value"', probe_number: 3 },
  { probe_text: 'other', probe_number: 4 },
]
const probeTool: TemplateTool = {
  type: 'function',
  function: {
    name: 'probe_tool',
    description: 'A probe.',
    parameters: {
      type: 'object',
      properties: {
        probe_text: { type: 'string', description: 'A text.' },
        probe_number: { type: 'integer', description: 'A number.' },
      },
      required: ['probe_text'],
    },
  },
}
const expected = inputs.map((input): ParsedCall => ({ name: probeTool.function.name, input }))

/** The format; `undefined` for a template without tools. */
export function detectCalls(render: Render, source: string): DetectedCalls | undefined {
  const offered = attempt(() => render([question], [probeTool]))
  if (offered === undefined || !offered.includes(probeTool.function.name)) return undefined
  for (const textArguments of [false, true]) {
    const calls = (count: number, id: string) => renderCalls(render, count, id, textArguments)
    const one = calls(1, shortId)
    if (one === undefined) continue
    // A format without signs counts at the start of an answer.
    const start = (format: CallFormat, rendered: string) =>
      format.atStart ? (answerAlone(render, rendered) ?? '') : answerOf(rendered)
    const readers = knownFormats.filter((format) => reads(format, start(format, one), 1))
    const usual = readers.find((format) => format.isUsual(start(format, one)))
    const format = usual ?? readers[0] ?? unknownFormat(render, one)
    if (format === undefined) continue
    const two = calls(2, shortId)
    return {
      format,
      parallel: format.parallel && two !== undefined && reads(format, start(format, two), 2),
      shortIds: calls(1, longId) === undefined,
      textArguments,
    }
  }
  const format = formatOfTexts(source)
  return format && { format, parallel: format.parallel, shortIds: false, textArguments: false }
}

/** What the template writes for an answer with calls, and what stands before it. */
function renderCalls(render: Render, count: number, id: string, textArguments: boolean): string | undefined {
  const tool_calls = inputs.slice(0, count).map((input, index) => ({
    type: 'function' as const,
    id: id.replace(/1$/, String(index + 1)),
    function: { name: probeTool.function.name, arguments: textArguments ? JSON.stringify(input) : input },
  }))
  const answer: TemplateMessage = { role: 'assistant', content: '', tool_calls }
  const results = tool_calls.map(
    ({ id }): TemplateMessage => ({
      role: 'tool',
      content: 'result',
      tool_call_id: id,
      name: probeTool.function.name,
    }),
  )
  return (
    attempt(() => render([question, answer], [probeTool])) ??
    attempt(() => render([question, answer, ...results], [probeTool]))
  )
}

/** The turn after the question. */
function answerOf(rendered: string): string {
  return rendered.slice(rendered.lastIndexOf(question.content) + question.content.length)
}

function reads(format: CallFormat, rendered: string, count: number): boolean {
  const calls: ParsedCall[] = []
  const listener = { tools: [probeTool], onCall: (call: ParsedCall) => calls.push(call), onThought() {} }
  const reader = new CallReader({ format, frames: [] }, listener)
  reader.push(rendered)
  reader.flush()
  return JSON.stringify(calls) === JSON.stringify(expected.slice(0, count))
}

/** The answer without what stands around it, as an answer of text shows. */
function answerAlone(render: Render, rendered: string): string | undefined {
  const content = 'probe content'
  const text = attempt(() => render([question, { role: 'assistant', content }], [probeTool]))
  if (text === undefined || !text.includes(content)) return undefined
  const before = text.slice(0, text.indexOf(content))
  const after = text.slice(before.length + content.length)
  const fits = rendered.startsWith(before) && rendered.endsWith(after)
  return fits ? rendered.slice(before.length, rendered.length - after.length) : undefined
}

/** Calls that are JSON between other signs. */
function unknownFormat(render: Render, rendered: string): CallFormat | undefined {
  const answer = answerAlone(render, rendered) ?? ''
  for (let start = answer.indexOf('{'); start >= 0; start = answer.indexOf('{', start + 1))
    for (let end = answer.lastIndexOf('}'); end > start; end = answer.lastIndexOf('}', end - 1)) {
      const keys = fieldNames(answer.slice(start, end + 1))
      const open = answer.slice(0, start).trim()
      if (keys === undefined || open === '') continue
      const space = answer.slice(answer.slice(0, start).trimEnd().length, start)
      return jsonCalls({ ...keys, open, space, close: answer.slice(end + 1).trim() })
    }
  return undefined
}

function fieldNames(json: string): { nameKey: string; inputKey: string } | undefined {
  try {
    const entries = Object.entries(JSON.parse(json) as Record<string, unknown>)
    const nameKey = entries.find(([, value]) => value === probeTool.function.name)?.[0]
    const inputKey = entries.find(([, value]) => JSON.stringify(value) === JSON.stringify(inputs[0]))?.[0]
    return nameKey === undefined || inputKey === undefined ? undefined : { nameKey, inputKey }
  } catch {
    return undefined
  }
}

/** For templates that write no calls of the past: the format whose sign, the longest one, they name in their instructions. */
function formatOfTexts(source: string): CallFormat | undefined {
  return knownFormats
    .filter(
      ({ signs, hints = [], atStart, uncertain }) =>
        !atStart && !uncertain && [signs[0] as string, ...hints].some((text) => source.includes(text)),
    )
    .sort((a, b) => (b.signs[0]?.length ?? 0) - (a.signs[0]?.length ?? 0))[0]
}

function attempt(render: () => string): string | undefined {
  try {
    return render()
  } catch {
    return undefined
  }
}
