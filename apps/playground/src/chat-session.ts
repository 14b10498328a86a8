// Chat session: sends a question to every chosen model, and updates the page while answers stream.
import type { LlmError, Part, ToolResultPart } from '@patchbay/core'
import { batch, computed, signal } from '@preact/signals'
import { type Answer, type Conversation, loadMsOf, textOf, type WireExchange } from './conversation.js'
import { addTurn, changeAnswer, current, currentPath } from './conversation-store.js'
import { historyFor } from './history.js'
import { later } from './later.js'
import { waitForGateway } from './models.js'
import { recordingFetch } from './recording-fetch.js'
import { chosenModels, key, parameters, type RequestOptions, toRequestOptions } from './settings.js'

/** The client of the models. */
export const modelCall = later(() => import('./model-call.js'))

interface Running {
  conversation: string
  turn: string
  controller: AbortController
}
const running = signal<ReadonlyMap<string, Running>>(new Map())

/** Whether an answer of this conversation is running, in any branch. */
export const isAnswering = (conversation: string) =>
  [...running.value.values()].some((one) => one.conversation === conversation)

const shownRunning = computed(() => {
  const shown = new Set(currentPath.value.map(({ id }) => id))
  return [...running.value.values()].filter(({ turn }) => shown.has(turn))
})

/** Whether an answer that is shown is running. */
export const isBusy = () => shownRunning.value.length > 0

/** Stops the running answers that are shown. */
export function stop(): void {
  for (const { controller } of shownRunning.value) controller.abort()
}

/**
 * Asks a model the question of this turn again, as another version of it: the earlier answer stays in its branch. An answer
 * that failed is replaced.
 * @throws {Error} for invalid parameters
 */
export function retry(turnId: string, model: string): void {
  const options = toRequestOptions(parameters.value)
  const turn = current.value.turns.find(({ id }) => id === turnId)
  const before = turn?.answers.find((one) => one.model === model)
  if (turn === undefined || before === undefined) return
  if (before.state === 'failed') {
    changeAnswer(current.value.id, turnId, model, (failed) => ({ ...failed, ...emptyAnswer }))
    void answer(current.value, turnId, model, options)
    return
  }
  const id = crypto.randomUUID()
  const answers = turn.answers.map((one) => (one === before ? { model, ...emptyAnswer } : one))
  void answer(addTurn({ id, question: turn.question, answers }, '', turn.parent), id, model, options)
}

/**
 * Sends a question to all chosen models. With `parent` it is another version of the question that follows that turn.
 * @throws {Error} for invalid parameters
 */
export function ask(question: Part[], parent?: string): void {
  const options = toRequestOptions(parameters.value)
  const turn = {
    id: crypto.randomUUID(),
    question,
    answers: chosenModels.value.map((model): Answer => ({ model, ...emptyAnswer })),
  }
  // Attached texts come before what was typed.
  const conversation = addTurn(turn, textOf(question.slice(-1)), parent)
  for (const { model } of turn.answers) void answer(conversation, turn.id, model, options)
}

/** Sends tool results to a model, which then continues. */
export function sendToolResults(turnId: string, model: string, results: ToolResultPart[]): void {
  const options = toRequestOptions(parameters.value)
  const { id } = current.value
  changeAnswer(id, turnId, model, (before) => ({
    ...before,
    ...emptyAnswer,
    messages: [...before.messages, { role: 'tool', content: results }],
    wire: before.wire,
  }))
  void answer(current.value, turnId, model, options)
}

const emptyAnswer: Omit<Answer, 'model'> = {
  messages: [],
  text: '',
  reasoning: '',
  calls: [],
  state: 'running',
  numbers: { pieces: [] },
  wire: [],
}

async function answer(
  conversation: Conversation,
  turn: string,
  model: string,
  options: RequestOptions,
): Promise<void> {
  const id = `${turn} ${model}`
  const controller = new AbortController()
  running.value = new Map(running.value).set(id, { conversation: conversation.id, turn, controller })
  const page = frameUpdates(conversation.id, turn, model)
  const onExchange = (exchange: WireExchange) =>
    page.change((before) => {
      const known = before.wire.findLastIndex((one) => one.body === exchange.body && one.url === exchange.url)
      const wire = known < 0 ? [...before.wire, exchange] : before.wire.with(known, exchange)
      const loadMs = loadMsOf(exchange)
      return { ...before, wire, ...(loadMs !== undefined && { numbers: { ...before.numbers, loadMs } }) }
    })
  let began = performance.now()
  const elapsedMs = () => performance.now() - began
  try {
    const { openai } = await modelCall.load()
    await using provider = openai(model, {
      baseURL: `${location.origin}/v1`,
      apiKey: key.value || 'none',
      api: 'chat',
      // What a model cannot take, the gateway says.
      preset: 'compatible',
      // The key is the gateway's own, which the reader has typed in.
      allowBrowser: true,
      fetch: recordingFetch(onExchange),
      retry: false,
    })
    began = performance.now()
    const messages = historyFor(conversation, turn, model)
    const stream = provider.stream({ ...options, messages }, { signal: controller.signal })
    for await (const event of stream) {
      const at = elapsedMs()
      if (event.type === 'text' || event.type === 'reasoning')
        page.add({ type: event.type, text: event.text, at })
      if (event.type === 'tool-call-start')
        page.change((before) => ({
          ...before,
          numbers: { ...before.numbers, firstMs: before.numbers.firstMs ?? at },
        }))
      if (event.type === 'finish') {
        const { message, toolCalls, usage, finishReason } = event.response
        page.change((before) => ({
          ...before,
          messages: [...before.messages, message],
          text: '',
          reasoning: '',
          calls: toolCalls,
          state: 'done',
          numbers: { ...before.numbers, ms: at, usage, finishReason },
        }))
      }
    }
  } catch (error) {
    page.change((before) => ({
      ...before,
      ...toFailure(error, before),
      numbers: { ...before.numbers, ms: elapsedMs() },
    }))
  } finally {
    page.paint()
    const left = new Map(running.value)
    left.delete(id)
    running.value = left
  }
}

/** The state of a stopped or failed answer; its text so far stays. */
function toFailure(error: unknown, before: Answer): Partial<Answer> {
  const partial = before.text === '' ? [] : [{ role: 'assistant' as const, content: before.text }]
  const rest = { messages: [...before.messages, ...partial], text: '' }
  const failure = asLlmError(error)
  if (failure?.code === 'aborted') return { ...rest, state: 'stopped' }
  // Without an answer of the gateway, it may be gone; so may be a file of this page that was not needed before.
  if (failure?.status === undefined) waitForGateway()
  const { code, message } = failure ?? { code: 'bug' as const, message: String(error) }
  return { ...rest, state: 'failed', error: { code, message } }
}

function asLlmError(error: unknown): LlmError | undefined {
  return modelCall.value?.isLlmError(error) === true ? (error as LlmError) : undefined
}

interface Piece {
  type: 'text' | 'reasoning'
  text: string
  /** Milliseconds since the request. */
  at: number
}

type Change = (answer: Answer) => Answer

function withPieces(before: Answer, pieces: readonly Piece[]): Answer {
  const textOfType = (type: Piece['type']) =>
    pieces.map((piece) => (piece.type === type ? piece.text : '')).join('')
  const { firstMs = pieces[0]?.at ?? 0 } = before.numbers
  const firstText = pieces.findIndex(({ type }) => type === 'text')
  // Thinking that comes again after text is not counted.
  const thinking = before.text === '' ? pieces.slice(0, firstText < 0 ? pieces.length : firstText) : []
  const thoughtAt = thinking.at(-1)?.at
  return {
    ...before,
    text: before.text + textOfType('text'),
    reasoning: before.reasoning + textOfType('reasoning'),
    numbers: {
      ...before.numbers,
      firstMs,
      ...(thoughtAt !== undefined && { thoughtMs: thoughtAt - firstMs }),
      pieces: [...before.numbers.pieces, ...pieces.map(({ at }) => at)],
      ms: pieces.at(-1)?.at ?? firstMs,
    },
  }
}

/** Answers with changes that are not applied yet. */
const waiting = new Set<() => void>()
let isPaintPlanned = false

/** Applies what came for all answers: the page is drawn once a frame, however many answers there are. */
function paintAll(): void {
  isPaintPlanned = false
  const all = [...waiting]
  waiting.clear()
  batch(() => {
    for (const paint of all) paint()
  })
}

/** Collects changes, which come with every token, and applies them once a frame. */
function frameUpdates(conversation: string, turn: string, model: string) {
  let changes: Change[] = []
  let pieces: Piece[] = []
  const close = () => {
    const closed = pieces
    pieces = []
    if (closed.length > 0) changes.push((before) => withPieces(before, closed))
  }
  const paint = () => {
    waiting.delete(paint)
    close()
    const due = changes
    changes = []
    if (due.length === 0) return
    changeAnswer(conversation, turn, model, (before) =>
      due.reduce((answer, change) => change(answer), before),
    )
  }
  const plan = () => {
    waiting.add(paint)
    if (!isPaintPlanned) requestAnimationFrame(paintAll)
    isPaintPlanned = true
  }
  return {
    paint,
    add(piece: Piece) {
      pieces.push(piece)
      plan()
    },
    change(change: Change) {
      close()
      changes.push(change)
      plan()
    },
  }
}
