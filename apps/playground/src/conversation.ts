// Conversation types: turns of the user, each with the answers of all models; history and token rates.
import type { ErrorCode, Message, Part, ToolCall, Usage } from '@patchbay/core'

/** One line of a response body. */
export interface WireLine {
  /** Milliseconds since the request. */
  at: number
  text: string
}

/** One HTTP request and its response. */
export interface WireExchange {
  method: string
  url: string
  /** Without secrets. */
  headers: Record<string, string>
  body: string
  status?: number
  responseHeaders?: Record<string, string>
  lines: WireLine[]
}

/** Timing and usage of an answer. */
export interface AnswerStatistics {
  /** Milliseconds to the first piece. */
  firstMs?: number
  /** Milliseconds of them in which the gateway loaded the model. */
  loadMs?: number
  ms?: number
  /** Milliseconds from the first piece of reasoning to the first of the text, or to the end. */
  thoughtMs?: number
  /** Times of the pieces of text and reasoning, in milliseconds. */
  pieces: number[]
  usage?: Usage
  finishReason?: string
}

/** The answer of one model in a turn: its messages, and the tool results in between. */
export interface Answer {
  model: string
  messages: Message[]
  /** Text of the running message. */
  text: string
  reasoning: string
  /** Tool calls without a result. */
  calls: ToolCall[]
  state: 'running' | 'done' | 'stopped' | 'failed'
  error?: { code: ErrorCode | 'bug'; message: string }
  numbers: AnswerStatistics
  wire: WireExchange[]
}

/** A question and its answers. */
export interface Turn {
  id: string
  /** The turn that it follows; empty: none. Several that follow the same one are versions of a question. */
  parent: string
  question: Part[]
  answers: Answer[]
  /** The model whose answer the reader found best. */
  best?: string | undefined
}

export interface Conversation {
  id: string
  title: string
  /** Time of the last question, in milliseconds since 1970. */
  at: number
  /** All turns of all branches, each after the one that it follows. */
  turns: Turn[]
  /** Which turn is shown after another, where several could be; without: the latest. */
  shown?: Record<string, string>
  /** Listed before all others. */
  pinned?: boolean
}

/** The text of a question. */
export function textOf(question: readonly Part[]): string {
  return question.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** Tokens per second, in steps of 250 ms. A piece counts as one token until the service reports usage. */
export function ratesOverTime({ pieces, ms, usage }: AnswerStatistics): {
  seconds: number[]
  rates: number[]
} {
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

/** Milliseconds to the first piece of a model that is loaded. */
export function firstTokenMs({ firstMs, loadMs = 0 }: AnswerStatistics): number | undefined {
  return firstMs === undefined ? undefined : Math.max(0, firstMs - loadMs)
}

/** The time that a gateway's answer took for loading its model, by its header `server-timing`. */
export function loadMsOf({ responseHeaders }: WireExchange): number | undefined {
  const found = /\bload;dur=(\d+)/.exec(responseHeaders?.['server-timing'] ?? '')
  return found === null ? undefined : Number(found[1])
}

/** An answer that came faster has no rate worth telling: it would be one of packets, not of tokens. */
const shortestMs = 250

/** Tokens per second after the first; without usage, pieces per second. */
export function averageRate({ pieces, firstMs, ms, usage }: AnswerStatistics): number | undefined {
  if (firstMs === undefined || ms === undefined || ms - firstMs < shortestMs) return undefined
  const tokens = usage?.outputTokens ?? pieces.length
  return tokens < 2 ? undefined : ((tokens - 1) * 1000) / (ms - firstMs)
}
