// Calls of tools that wait for what they came to: on this page, whoever sits before it is the tool.
import type { ToolCall } from '@patchbay/core'
import { answerCalls } from '../asking.js'

export function Calls({ calls, turn, model }: { calls: readonly ToolCall[]; turn: string; model: string }) {
  return (
    <form
      class="calls"
      onSubmit={(event) => {
        event.preventDefault()
        const given = new FormData(event.currentTarget)
        answerCalls(
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
          What {name} came to
          <textarea name={id} rows={2} required />
        </label>
      ))}
      <button type="submit">Go on</button>
    </form>
  )
}
