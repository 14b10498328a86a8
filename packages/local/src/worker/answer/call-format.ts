// How a model writes its tool calls, found out by having its own chat template write one.
import type { TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'

/** The signs around a call, and the names of its fields: `<tool_call>{"name": …, "arguments": …}</tool_call>`. */
export interface CallFormat {
  open: string
  /** The space between the sign and the call. */
  lead: string
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

/** Nothing where the template has no place for tools, or calls that do not begin with a sign of their own. */
export function callFormat(render: Render): CallFormat | undefined {
  const question: TemplateMessage = { role: 'user', content: 'probe question' }
  try {
    // What stands around an answer of text stands around one of calls too.
    const said = render([question, { role: 'assistant', content: probe.content }], [tool])
    if (!said.includes(probe.name)) return undefined
    const before = said.slice(0, said.indexOf(probe.content))
    const after = said.slice(before.length + probe.content.length)
    // Nine letters and digits: some templates insist.
    const call = { name: probe.name, arguments: { [probe.key]: probe.value } }
    const called = render(
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
    if (!called.startsWith(before) || !called.endsWith(after)) return undefined
    return formatOf(called.slice(before.length, called.length - after.length))
  } catch {
    // A template that refuses such a conversation has no tools.
    return undefined
  }
}

function formatOf(answer: string): CallFormat | undefined {
  for (let start = answer.indexOf('{'); start >= 0; start = answer.indexOf('{', start + 1))
    for (let end = answer.lastIndexOf('}'); end > start; end = answer.lastIndexOf('}', end - 1)) {
      const found = fields(answer.slice(start, end + 1))
      if (found === undefined) continue
      const open = answer.slice(0, start).trim()
      const lead = answer.slice(answer.slice(0, start).trimEnd().length, start)
      return open === '' ? undefined : { open, lead, close: answer.slice(end + 1).trim(), ...found }
    }
  return undefined
}

function fields(json: string): Pick<CallFormat, 'nameKey' | 'inputKey'> | undefined {
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
