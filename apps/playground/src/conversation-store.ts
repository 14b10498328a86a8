// Conversation store: conversations are saved in this browser only (IndexedDB).
import { computed, signal } from '@preact/signals'
import { del, entries, set } from 'idb-keyval'
import type { Answer, Conversation, Turn } from './conversation.js'

const all = signal<readonly Conversation[]>([])
const chosen = signal('')

/** All conversations, the latest first. */
export const conversations = computed(() => [...all.value].sort((a, b) => b.at - a.at))

/** The open conversation; a new one is saved with its first question. */
export const current = computed(
  () => all.value.find(({ id }) => id === chosen.value) ?? { id: chosen.value, title: '', at: 0, turns: [] },
)

/** Loads the saved conversations. Answers that were running are marked as stopped. */
export async function restore(): Promise<void> {
  const stored = await entries<string, Conversation>().catch(() => [])
  all.value = stored.map(([, conversation]) => ({
    ...conversation,
    turns: conversation.turns.map((turn) => ({
      ...turn,
      answers: turn.answers.map((answer) =>
        answer.state === 'running' ? { ...answer, state: 'stopped' } : answer,
      ),
    })),
  }))
  chosen.value = conversations.value[0]?.id ?? crypto.randomUUID()
}

export function choose(id: string): void {
  chosen.value = id
}

export function startNew(): void {
  chosen.value = crypto.randomUUID()
}

export function remove(id: string): void {
  all.value = all.value.filter((one) => one.id !== id)
  void del(id)
  if (chosen.value === id) chosen.value = conversations.value[0]?.id ?? crypto.randomUUID()
}

export function addTurn(turn: Turn, title: string): Conversation {
  const before = current.value
  const next = {
    ...before,
    title: before.title || title.slice(0, 60) || 'An image',
    at: Date.now(),
    turns: [...before.turns, turn],
  }
  put(next, true)
  return next
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
}
