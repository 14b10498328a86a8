// Conversation store: conversations are saved in this browser only (IndexedDB), up to a bound.
import { computed, signal } from '@preact/signals'
import { del, delMany, entries, set } from 'idb-keyval'
import type { Answer, Conversation, Turn } from './conversation.js'
import { offerUndo } from './notice.js'

/** So many are kept; beyond, the oldest that is not pinned is forgotten. */
export const maxConversations = 500

const all = signal<readonly Conversation[]>([])
const chosen = signal('')

/** All conversations: pinned ones first, then the latest. */
export const conversations = computed(() =>
  [...all.value].sort((a, b) => Number(b.pinned ?? false) - Number(a.pinned ?? false) || b.at - a.at),
)

/** The open conversation; a new one is saved with its first question. */
export const current = computed(
  () => all.value.find(({ id }) => id === chosen.value) ?? { id: chosen.value, title: '', at: 0, turns: [] },
)

/** Loads the saved conversations. Answers that were running are marked as stopped. */
export async function restore(): Promise<void> {
  const stored = await entries<string, Conversation>().catch(() => [])
  all.value = stored.map(([, conversation]) => ended(conversation))
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

export function addTurn(turn: Turn, title: string): Conversation {
  const before = current.value
  const next = {
    ...before,
    title: before.title || title.slice(0, 60) || 'An attachment',
    at: Date.now(),
    turns: [...before.turns, turn],
  }
  put(next, true)
  return next
}

/** Deletes a question and its answers. */
export function removeTurn(turnId: string): void {
  const before = current.value
  const at = before.turns.findIndex(({ id }) => id === turnId)
  const deleted = before.turns[at]
  if (deleted === undefined) return
  put({ ...before, turns: before.turns.toSpliced(at, 1) }, true)
  offerUndo('Deleted a question and its answers.', () => {
    // What was asked since then stays.
    const now = all.value.find(({ id }) => id === before.id) ?? { ...before, turns: [] }
    put(ended({ ...now, turns: now.turns.toSpliced(at, 0, deleted) }), true)
  })
}

/** Opens a copy of the conversation that ends before this turn: the other way stays as it is. */
export function branchBefore(turnId: string): void {
  const { turns, title } = current.value
  const id = crypto.randomUUID()
  const kept = turns.slice(
    0,
    turns.findIndex((turn) => turn.id === turnId),
  )
  chosen.value = id
  if (kept.length > 0)
    put(ended({ id, title: `${title} (branch)`.slice(0, 70), at: Date.now(), turns: kept }), true)
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
