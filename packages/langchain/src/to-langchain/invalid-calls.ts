// Tool calls whose arguments are invalid JSON or cut. LangChain repairs such JSON, and an app would run a call that the model
// never made: a marker at the end keeps them among the invalid calls.
import { AIMessageChunk } from '@langchain/core/messages'
import { parseInput } from '@patchbay/core/wire'

// With what it takes to leave a string that is open, or a backslash in it. Each has a length of its own, so that it can be taken
// away again.
const marks = ['', ' …', '" ……', '"" ………']

/** The mark these arguments need, empty where LangChain takes them for no call anyway. */
export function endingOf(args: string): string {
  const isCall = (text: string) => {
    const chunk = { type: 'tool_call_chunk' as const, index: 0, id: 'id', name: 'name', args: text }
    return new AIMessageChunk({ content: '', tool_call_chunks: [chunk] }).tool_calls?.length === 1
  }
  return marks.find((mark) => !isCall(args + mark)) ?? ''
}

/** What the model wrote: where that is no JSON, events have it in this form. */
export function asWritten(json: string): string {
  if (!json.startsWith('{"$unparsed":')) return json
  try {
    const { $unparsed } = JSON.parse(json) as { $unparsed: unknown }
    return String($unparsed)
  } catch {
    return json
  }
}

/** The input of an invalid call. One with a mark was never made, even where it is JSON so far. */
export function inputOf(args: string): unknown {
  // LangChain takes spaces away from the front.
  const written = args.replace(/(?:(?:^| )…|" ……|"" ………)$/, '')
  return written === args ? parseInput(args) : { $unparsed: written }
}
