// The list of conversations: search, pins, names, export and import.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { shownPath } from '../branches.js'
import { isAnswering } from '../chat-session.js'
import { type Conversation, type Turn, textOf } from '../conversation.js'
import {
  add,
  choose,
  conversations,
  currentId,
  type ListEntry,
  listed,
  maxConversations,
  pin,
  remove,
  rename,
  showTurn,
} from '../conversation-store.js'
import { tell } from '../notice.js'
import { download, fileName, fromJson, toJson, toMarkdown, wordsOf } from '../transfer.js'
import { FilePicker } from './file-picker.js'
import { Icon } from './icons.js'

export function ConversationList({ chosen }: { chosen: () => void }) {
  const search = useSignal('')
  const words = search.value.trim().toLowerCase()
  const matches = new Set(
    words === '' ? [] : conversations.value.filter((one) => contains(one, words)).map(({ id }) => id),
  )
  const found = words === '' ? listed.value : listed.value.filter(({ id }) => matches.has(id))
  return (
    <>
      <label class="search">
        <Icon name="search" />
        <span class="unseen">Search conversations</span>
        <input
          type="search"
          placeholder="Search"
          value={search.value}
          onInput={({ currentTarget }) => (search.value = currentTarget.value)}
        />
      </label>
      <ul class="conversations">
        {found.map((conversation) => (
          <Entry key={conversation.id} entry={conversation} words={words} chosen={chosen} />
        ))}
      </ul>
      {found.length === 0 && words !== '' ? <p class="hint">Nothing found.</p> : null}
      <Transfer />
    </>
  )
}

function contains({ title, turns }: Conversation, words: string): boolean {
  return title.toLowerCase().includes(words) || turns.some((turn) => says(turn, words))
}

function says({ question, answers }: Turn, words: string): boolean {
  return (
    textOf(question).toLowerCase().includes(words) ||
    answers.some(({ messages }) => messages.some((one) => wordsOf(one).toLowerCase().includes(words)))
  )
}

/** Opens a conversation; what was found in a branch that is not shown comes into view. */
function openAt(conversation: Conversation, words: string): void {
  choose(conversation.id)
  if (words === '' || shownPath(conversation).some((turn) => says(turn, words))) return
  const found = conversation.turns.find((turn) => says(turn, words))
  if (found !== undefined) showTurn(conversation, found.id)
}

interface EntryProps {
  entry: ListEntry
  /** What is searched for. */
  words: string
  chosen(): void
}

function Entry({ entry: { id, title, pinned }, words, chosen }: EntryProps) {
  const renames = useSignal(false)
  const menu = useRef<HTMLDetailsElement>(null)
  const act = (action: (conversation: Conversation) => void) => () => {
    if (menu.current !== null) menu.current.open = false
    const now = conversations.value.find((one) => one.id === id)
    if (now !== undefined) action(now)
  }
  if (renames.value)
    return (
      <li>
        <form
          class="rename"
          onSubmit={(event) => {
            event.preventDefault()
            const name = String(new FormData(event.currentTarget).get('name') ?? '').trim()
            if (name !== '') act((conversation) => rename(conversation, name))()
            renames.value = false
          }}
          onKeyDown={({ key }) => {
            if (key === 'Escape') renames.value = false
          }}
        >
          <label>
            <span class="unseen">New name</span>
            <input name="name" defaultValue={title} ref={(field) => field?.focus()} />
          </label>
          <button type="submit">Save</button>
        </form>
      </li>
    )
  return (
    <li>
      <button
        type="button"
        class="title"
        aria-current={id === currentId.value}
        onClick={act((conversation) => {
          openAt(conversation, words)
          chosen()
        })}
      >
        {pinned ? <Icon name="pin" /> : null}
        <span class="name">{title}</span>
        {isAnswering(id) ? <span class="pulse" role="img" aria-label="answering" /> : null}
      </button>
      <details
        ref={menu}
        class="menu"
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || menu.current === null) return
          event.stopPropagation()
          menu.current.open = false
        }}
        onFocusOut={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget as Node | null)) currentTarget.open = false
        }}
      >
        <summary aria-label={`More for ${title}`}>
          <Icon name="more" />
        </summary>
        <div>
          <button type="button" onClick={act((conversation) => pin(conversation, !pinned))}>
            {pinned ? 'Unpin' : 'Pin'}
          </button>
          <button type="button" onClick={act(() => (renames.value = true))}>
            Rename
          </button>
          <button
            type="button"
            onClick={act((conversation) =>
              download(fileName(title, 'md'), 'text/markdown', toMarkdown(conversation)),
            )}
          >
            Export as Markdown
          </button>
          <button
            type="button"
            onClick={act((conversation) =>
              download(fileName(title, 'json'), 'application/json', toJson([conversation])),
            )}
          >
            Export as JSON
          </button>
          <button type="button" aria-label={`Delete ${title}`} onClick={act(remove)}>
            Delete
          </button>
        </div>
      </details>
    </li>
  )
}

/** All out, or some in. */
function Transfer() {
  const read = async (given: File | undefined) => {
    if (given === undefined) return
    try {
      const conversations = fromJson(await given.text())
      add(conversations)
      tell(`Imported ${conversations.length} conversation${conversations.length === 1 ? '' : 's'}.`)
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div class="transfer">
      <div class="row">
        <button
          type="button"
          class="quiet"
          disabled={listed.value.length === 0}
          onClick={() => download('conversations.json', 'application/json', toJson(conversations.value))}
        >
          Export all
        </button>
        <FilePicker
          label="Exported conversations"
          accept="application/json"
          onFiles={([file]) => void read(file)}
          button={(open) => (
            <button type="button" class="quiet" onClick={open}>
              Import
            </button>
          )}
        />
      </div>
      <p class="hint">Kept in this browser only: the latest {maxConversations}, and all that are pinned.</p>
    </div>
  )
}
