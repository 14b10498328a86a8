// Conversation store: conversations are saved in this browser only (IndexedDB), up to a bound.
import { computed, signal } from '@preact/signals'
import { del, delMany, entries, set } from 'idb-keyval'
import { shownPath, shownWith, withoutTurn, withParents } from './branches.js'
import type { Answer, Conversation, Turn } from './conversation.js'
import { offerUndo } from './notice.js'

/** So many are kept; beyond, the oldest that is not pinned is forgotten. */
export const maxConversations = 500

const all = signal<readonly Conversation[]>([])
const chosen = signal('')

/** All conversations: pinned ones first, then the latest. */
export const conversations = computed(() =>
  [...all.value].sort(
    (a, b) =>
      Number(b.pinned ?? false) - Number(a.pinned ?? false) || b.at - a.at || a.id.localeCompare(b.id),
  ),
)

/** The open conversation; a new one is saved with its first question. */
export const current = computed(
  () => all.value.find(({ id }) => id === chosen.value) ?? { id: chosen.value, title: '', at: 0, turns: [] },
)

export const currentId = computed(() => current.value.id)

/** What the list shows of a conversation. */
export interface ListEntry extends Pick<Conversation, 'id' | 'title'> {
  pinned: boolean
}

let listedBefore: readonly ListEntry[] = []

/** All, as the list shows them. The same array while only answers grow: 500 entries are not drawn with every frame. */
export const listed = computed(() => {
  const now = conversations.value.map(({ id, title, pinned = false }): ListEntry => ({ id, title, pinned }))
  const isSame =
    now.length === listedBefore.length &&
    now.every((one, at) => {
      const before = listedBefore[at]
      return one.id === before?.id && one.title === before.title && one.pinned === before.pinned
    })
  if (!isSame) listedBefore = now
  return listedBefore
})

/** The turns of the open conversation that are shown. */
export const currentPath = computed(() => shownPath(current.value))

/** Loads the saved conversations. Answers that were running are marked as stopped. */
export async function restore(): Promise<void> {
  const stored = await entries<string, Conversation>().catch(() => [])
  all.value = stored.map(([, conversation]) =>
    ended({ ...conversation, turns: withParents(conversation.turns) }),
  )
  chosen.value = conversations.value[0]?.id ?? crypto.randomUUID()
}

/** With no answer that runs: nobody would go on with it. */
function ended(conversation: Conversation): Conversation {
  return {
    ...conversation,
    turns: conversation.turns.map((turn) => ({
      ...turn,
      answers: turn.answers.map((answer) =>
        answer.state === 'running' ? { ...answer, state: 'stopped' } : answer,
      ),
    })),
  }
}

export function choose(id: string): void {
  chosen.value = id
}

export function startNew(): void {
  chosen.value = crypto.randomUUID()
}

export function remove(conversation: Conversation): void {
  const { id, title } = conversation
  all.value = all.value.filter((one) => one.id !== id)
  void del(id).catch(() => {})
  if (chosen.value === id) chosen.value = conversations.value[0]?.id ?? crypto.randomUUID()
  offerUndo(`Deleted “${title}”.`, () => {
    put(ended(conversation), true)
    chosen.value = id
  })
}

export function rename(conversation: Conversation, title: string): void {
  put({ ...conversation, title }, true)
}

export function pin(conversation: Conversation, pinned: boolean): void {
  put({ ...conversation, pinned }, true)
}

/** Adds conversations that were exported; those that are here already get another id. */
export function add(given: readonly Conversation[]): void {
  for (const conversation of given) {
    const taken = all.value.some(({ id }) => id === conversation.id)
    put(ended({ ...conversation, ...(taken && { id: crypto.randomUUID() }) }), true)
  }
}

/** Adds a question: at the end of what is shown, or as another version of a question, after the same `parent`. */
export function addTurn(
  given: Omit<Turn, 'parent'>,
  title: string,
  parent = currentPath.value.at(-1)?.id ?? '',
): Conversation {
  const before = current.value
  const turn = { ...given, parent }
  const next = {
    ...before,
    title: before.title || title.slice(0, 60) || 'An attachment',
    at: Date.now(),
    turns: [...before.turns, turn],
    shown: { ...before.shown, [parent]: turn.id },
  }
  put(next, true)
  return next
}

/** Deletes a question and its answers; of several versions also what followed this one. */
export function removeTurn(turnId: string): void {
  const { id } = current.value
  const removal = withoutTurn(current.value, turnId)
  if (removal === undefined) return
  put(removal.after, true)
  const what = removal.isVersion ? 'this version, and what followed it' : 'a question and its answers'
  offerUndo(`Deleted ${what}.`, () => {
    const now = all.value.find((one) => one.id === id) ?? { ...removal.after, turns: [] }
    put(ended(removal.undo(now)), true)
  })
}

/** Shows the branch of the conversation in which this turn is. */
export function showTurn(conversation: Conversation, turnId: string): void {
  put({ ...conversation, shown: shownWith(conversation, turnId) }, true)
}

/** Marks the best answer of a turn; a second time takes the mark away. */
export function vote(turnId: string, model: string): void {
  const before = current.value
  const turns = before.turns.map((turn) =>
    turn.id === turnId ? { ...turn, best: turn.best === model ? undefined : model } : turn,
  )
  put({ ...before, turns }, true)
}

/** Changes one answer; does nothing if its conversation was deleted. */
export function changeAnswer(
  conversation: string,
  turn: string,
  model: string,
  change: (answer: Answer) => Answer,
): void {
  const found = all.value.find(({ id }) => id === conversation)
  if (found === undefined) return
  const next = {
    ...found,
    turns: found.turns.map((one) =>
      one.id === turn
        ? { ...one, answers: one.answers.map((answer) => (answer.model === model ? change(answer) : answer)) }
        : one,
    ),
  }
  // A running answer changes with every frame: only the question and the finished answer are saved.
  const answers = next.turns.find(({ id }) => id === turn)?.answers ?? []
  put(
    next,
    answers.every((answer) => answer.model !== model || answer.state !== 'running'),
  )
}

function put(conversation: Conversation, keep: boolean): void {
  all.value = [...all.value.filter(({ id }) => id !== conversation.id), conversation]
  // A browser without storage (a private window) still works.
  if (keep) void set(conversation.id, conversation).catch(() => {})
  if (all.value.length <= maxConversations) return
  const over = conversations.value
    .slice(maxConversations)
    .filter(({ id, pinned }) => pinned !== true && id !== conversation.id)
    .map(({ id }) => id)
  all.value = all.value.filter(({ id }) => !over.includes(id))
  void delMany(over).catch(() => {})
}
