// Form for results of tool calls: on this page, the user plays the tool.
import type { ToolCall } from '@patchbay/core'
import { sendToolResults } from '../chat-session.js'

export function ToolCalls({
  calls,
  turn,
  model,
}: {
  calls: readonly ToolCall[]
  turn: string
  model: string
}) {
  return (
    <form
      class="calls"
      onSubmit={(event) => {
        event.preventDefault()
        const given = new FormData(event.currentTarget)
        sendToolResults(
          turn,
          model,
          calls.map(({ id, name }) => ({
            type: 'tool-result',
            id,
            name,
            output: String(given.get(id) ?? ''),
          })),
        )
      }}
    >
      {calls.map(({ id, name }) => (
        <label key={id}>
          Result of {name}
          <textarea name={id} rows={2} required />
        </label>
      ))}
      <button type="submit">Send results</button>
    </form>
  )
}
