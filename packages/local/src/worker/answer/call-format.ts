// Format of a model's tool calls, detected by rendering one with its chat template.
import type { TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'

/** The markers around a tool call, and the names of its fields: `<tool_call>{"name": …, "arguments": …}</tool_call>`. */
export interface CallFormat {
  /** The text before a call. */
  open: string
  /** White space between `open` and the call. */
  separator: string
  /** The text after a call; may be empty. */
  close: string
  nameKey: string
  inputKey: string
}

type Render = (messages: TemplateMessage[], tools?: TemplateTool[]) => string

const probe = { name: 'probe_tool', key: 'probe_key', value: 'probe value', content: 'probe content' }
const tool: TemplateTool = {
  type: 'function',
  function: {
    name: probe.name,
    description: 'A probe.',
    parameters: { type: 'object', properties: { [probe.key]: { type: 'string' } } },
  },
}

/** The format, or `undefined` for a template without tools, or with calls that do not start with a marker. */
export function detectCallFormat(render: Render): CallFormat | undefined {
  const question: TemplateMessage = { role: 'user', content: 'probe question' }
  try {
    // The same text surrounds an answer of text and an answer of calls.
    const textAnswer = render([question, { role: 'assistant', content: probe.content }], [tool])
    if (!textAnswer.includes(probe.name)) return undefined
    const before = textAnswer.slice(0, textAnswer.indexOf(probe.content))
    const after = textAnswer.slice(before.length + probe.content.length)
    // Some templates require ids of nine letters and digits.
    const call = { name: probe.name, arguments: { [probe.key]: probe.value } }
    const callAnswer = render(
      [
        question,
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ type: 'function', id: 'probe0001', function: call }],
        },
      ],
      [tool],
    )
    if (!callAnswer.startsWith(before) || !callAnswer.endsWith(after)) return undefined
    return parseFormat(callAnswer.slice(before.length, callAnswer.length - after.length))
  } catch {
    // A template that refuses this conversation does not support tools.
    return undefined
  }
}

/** Finds the JSON object of the call in the answer. */
function parseFormat(answer: string): CallFormat | undefined {
  for (let start = answer.indexOf('{'); start >= 0; start = answer.indexOf('{', start + 1))
    for (let end = answer.lastIndexOf('}'); end > start; end = answer.lastIndexOf('}', end - 1)) {
      const names = fieldNames(answer.slice(start, end + 1))
      if (names === undefined) continue
      const open = answer.slice(0, start).trim()
      const separator = answer.slice(answer.slice(0, start).trimEnd().length, start)
      return open === '' ? undefined : { open, separator, close: answer.slice(end + 1).trim(), ...names }
    }
  return undefined
}

function fieldNames(json: string): Pick<CallFormat, 'nameKey' | 'inputKey'> | undefined {
  try {
    const entries = Object.entries(JSON.parse(json) as Record<string, unknown>)
    const nameKey = entries.find(([, value]) => value === probe.name)?.[0]
    const inputKey = entries.find(
      ([, value]) => typeof value === 'object' && value !== null && probe.key in value,
    )?.[0]
    return nameKey === undefined || inputKey === undefined ? undefined : { nameKey, inputKey }
  } catch {
    return undefined
  }
}
