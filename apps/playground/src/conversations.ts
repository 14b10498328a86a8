// The conversations, kept in this browser and nowhere else.
import { computed, signal } from '@preact/signals'
import { del, entries, set } from 'idb-keyval'
import type { Answer, Conversation, Turn } from './talk.js'

const all = signal<readonly Conversation[]>([])
const chosen = signal('')

/** The latest first. */
export const conversations = computed(() => [...all.value].sort((a, b) => b.at - a.at))

/** The one on the page; a new one is kept when something is said in it. */
export const current = computed(
  () => all.value.find(({ id }) => id === chosen.value) ?? { id: chosen.value, title: '', at: 0, turns: [] },
)

/** Reads what was kept. What was running then has stopped. */
export async function restore(): Promise<void> {
  const kept = await entries<string, Conversation>().catch(() => [])
  all.value = kept.map(([, conversation]) => ({
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

export function begin(): void {
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

/** One answer, changed; nothing where its conversation is gone. */
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
  // It changes with every frame while it is made; kept is what was asked, and what came of it.
  const answers = next.turns.find(({ id }) => id === turn)?.answers ?? []
  put(
    next,
    answers.every((answer) => answer.model !== model || answer.state !== 'running'),
  )
}

function put(conversation: Conversation, keep: boolean): void {
  all.value = [...all.value.filter(({ id }) => id !== conversation.id), conversation]
  // A browser that keeps nothing (a private window) still talks.
  if (keep) void set(conversation.id, conversation).catch(() => {})
}
