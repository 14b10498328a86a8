// The list of conversations.
import { choose, conversations, current, remove } from '../conversation-store.js'

export function ConversationList({ chosen }: { chosen: () => void }) {
  return (
    <ul class="conversations">
      {conversations.value.map(({ id, title }) => (
        <li key={id}>
          <button
            type="button"
            class="title"
            aria-current={id === current.value.id}
            onClick={() => {
              choose(id)
              chosen()
            }}
          >
            {title}
          </button>
          <button type="button" class="quiet" aria-label={`Delete ${title}`} onClick={() => remove(id)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}
