// Tool calls whose arguments are invalid JSON or cut. LangChain repairs such JSON, and an app would run a call that the model
// never made: a marker at the end keeps them among the invalid calls.
import { AIMessageChunk } from '@langchain/core/messages'
import { parseInput } from '@patchbay/core/wire'

// They close an open string, or a backslash in it. Each has another length, so that it can be removed again.
const marks = ['', ' …', '" ……', '"" ………']

/** The mark for these arguments; empty if LangChain does not read them as a call anyway. */
export function endingOf(args: string): string {
  const isCall = (text: string) => {
    const chunk = { type: 'tool_call_chunk' as const, index: 0, id: 'id', name: 'name', args: text }
    return new AIMessageChunk({ content: '', tool_call_chunks: [chunk] }).tool_calls?.length === 1
  }
  return marks.find((mark) => !isCall(args + mark)) ?? ''
}

/** The arguments as the model wrote them: events have this form of arguments that are not JSON. */
export function asWritten(json: string): string {
  if (!json.startsWith('{"$unparsed":')) return json
  try {
    const { $unparsed } = JSON.parse(json) as { $unparsed: unknown }
    return String($unparsed)
  } catch {
    return json
  }
}

/** The input of an invalid call. One with a mark was never complete, even if it is JSON so far. */
export function inputOf(args: string): unknown {
  // LangChain removes leading spaces.
  const written = args.replace(/(?:(?:^| )…|" ……|"" ………)$/, '')
  return written === args ? parseInput(args) : { $unparsed: written }
}
