// What is kept of a conversation: turns of a user, and to each the answer of every model that was asked.
import type { ErrorCode, Message, Part, ToolCall, Usage } from '@patchbay/core'

/** One line of what went over the wire. */
export interface WireLine {
  /** Milliseconds since the request. */
  at: number
  text: string
}

/** One request and its answer, as they went over the wire. */
export interface WireExchange {
  method: string
  url: string
  /** Without its keys. */
  headers: Record<string, string>
  body: string
  status?: number
  answered?: Record<string, string>
  lines: WireLine[]
}

/** How an answer went. */
export interface Numbers {
  /** To the first piece, in milliseconds. */
  firstMs?: number
  ms?: number
  /** Pieces of text and thinking, at their times. */
  pieces: number[]
  usage?: Usage
  finishReason?: string
}

/** What one model made of a turn: its own messages, and those of the tools it called. */
export interface Answer {
  model: string
  messages: Message[]
  /** What is being said. */
  text: string
  reasoning: string
  /** Calls nobody has answered. */
  calls: ToolCall[]
  state: 'running' | 'done' | 'stopped' | 'failed'
  error?: { code: ErrorCode | 'bug'; message: string }
  numbers: Numbers
  wire: WireExchange[]
}

/** A question, and its answers. */
export interface Turn {
  id: string
  question: Part[]
  answers: Answer[]
}

export interface Conversation {
  id: string
  title: string
  /** When it was last said something in, in milliseconds. */
  at: number
  turns: Turn[]
}

/** What a model has heard and said up to this turn, its question included. */
export function historyOf({ turns }: Conversation, turnId: string, model: string): Message[] {
  const messages: Message[] = []
  for (const turn of turns) {
    const own = turn.answers.find((answer) => answer.model === model)
    // A model that was not asked then has not heard it; the one that answered first stands in for it.
    const said = own ?? turn.answers[0]
    if (turn.id !== turnId && (said === undefined || said.messages.length === 0 || said.calls.length > 0))
      continue
    messages.push({ role: 'user', content: turn.question })
    if (turn.id === turnId) return [...messages, ...(own?.messages ?? [])]
    messages.push(...(said?.messages ?? []))
  }
  return messages
}

/** The words of a question. */
export function wordsOf(question: readonly Part[]): string {
  return question.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/**
 * Tokens a second, in steps of a quarter of a second. A piece is a token until the service has counted them; then it is as
 * many as there were to a piece.
 */
export function ratesOf({ pieces, ms, usage }: Numbers): { seconds: number[]; rates: number[] } {
  const step = 250
  const end = Math.max(ms ?? 0, pieces.at(-1) ?? 0)
  const each = pieces.length === 0 ? 1 : (usage?.outputTokens ?? pieces.length) / pieces.length
  const counts = Array.from({ length: Math.ceil(end / step) || 1 }, () => 0)
  for (const at of pieces) {
    const slot = Math.min(counts.length - 1, Math.floor(at / step))
    counts[slot] = (counts[slot] ?? 0) + 1
  }
  return {
    seconds: counts.map((_, index) => ((index + 1) * step) / 1000),
    rates: counts.map((count) => (count * each * 1000) / step),
  }
}

/** Tokens a second after the first; where nobody counted them, pieces. */
export function rateOf({ pieces, firstMs, ms, usage }: Numbers): number | undefined {
  if (firstMs === undefined || ms === undefined || ms <= firstMs) return undefined
  const tokens = usage?.outputTokens ?? pieces.length
  return tokens < 2 ? undefined : ((tokens - 1) * 1000) / (ms - firstMs)
}
