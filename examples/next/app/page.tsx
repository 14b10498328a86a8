// Chat page in Next.js: streams the answer and shows the tool calls.
'use client'
import { useChat } from '@ai-sdk/react'
import { useState } from 'react'

export default function Page() {
  const { messages, sendMessage, status, error, stop } = useChat()
  const [draft, setDraft] = useState('')
  const busy = status === 'submitted' || status === 'streaming'
  return (
    <main>
      <ol aria-label="Conversation">
        {messages.map(({ id, role, parts }) => (
          <li key={id} data-role={role}>
            {parts.map((part, index) => {
              const key = `${id} ${index}`
              if (part.type === 'text') return <p key={key}>{part.text}</p>
              if (part.type === 'tool-get_weather')
                return <em key={key}>looking at the weather: {part.state}</em>
              return null
            })}
          </li>
        ))}
      </ol>
      {error && <p role="alert">{error.message}</p>}
      <form
        onSubmit={async (event) => {
          event.preventDefault()
          setDraft('')
          await sendMessage({ text: draft })
        }}
      >
        <input aria-label="Question" value={draft} onChange={(event) => setDraft(event.target.value)} />
        {busy ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit">Ask</button>
        )}
      </form>
    </main>
  )
}
