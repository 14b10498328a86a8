// Chat session: sends a question to every chosen model, and updates the page while answers stream.
import { isLlmError, type Part, type ToolResultPart } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { computed, signal } from '@preact/signals'
import { type Answer, type Conversation, textOf, type WireExchange } from './conversation.js'
import { addTurn, changeAnswer, current, currentPath } from './conversation-store.js'
import { historyFor } from './history.js'
import { waitForGateway } from './models.js'
import { recordingFetch } from './recording-fetch.js'
import { chosenModels, key, parameters, type RequestOptions, toRequestOptions } from './settings.js'

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
      return { ...before, wire }
    })
  const began = performance.now()
  const elapsedMs = () => performance.now() - began
  const provider = openai(model, {
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
  try {
    const messages = historyFor(conversation, turn, model)
    const stream = provider.stream({ ...options, messages }, { signal: controller.signal })
    for await (const event of stream) {
      const at = elapsedMs()
      if (event.type === 'text' || event.type === 'reasoning')
        page.change((before) => ({
          ...before,
          [event.type]: before[event.type] + event.text,
          numbers: {
            ...before.numbers,
            firstMs: before.numbers.firstMs ?? at,
            // Thinking that comes again after a call is not counted.
            ...(event.type === 'reasoning' &&
              before.text === '' && { thoughtMs: at - (before.numbers.firstMs ?? at) }),
            pieces: [...before.numbers.pieces, at],
            ms: at,
          },
        }))
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
    await provider.close()
  }
}

/** The state of a stopped or failed answer; its text so far stays. */
function toFailure(error: unknown, before: Answer): Partial<Answer> {
  const partial = before.text === '' ? [] : [{ role: 'assistant' as const, content: before.text }]
  const rest = { messages: [...before.messages, ...partial], text: '' }
  if (isLlmError(error, 'aborted')) return { ...rest, state: 'stopped' }
  // Without an answer of the gateway, it may be gone; so may be a file of this page that was not needed before.
  if (!isLlmError(error) || error.status === undefined) waitForGateway()
  const { code, message } = isLlmError(error) ? error : { code: 'bug' as const, message: String(error) }
  return { ...rest, state: 'failed', error: { code, message } }
}

/** Collects changes, which come with every token, and applies them once a frame. */
function frameUpdates(conversation: string, turn: string, model: string) {
  let changes: ((answer: Answer) => Answer)[] = []
  let planned = 0
  const paint = () => {
    cancelAnimationFrame(planned)
    planned = 0
    const due = changes
    changes = []
    changeAnswer(conversation, turn, model, (before) =>
      due.reduce((answer, change) => change(answer), before),
    )
  }
  return {
    paint,
    change(change: (answer: Answer) => Answer) {
      changes.push(change)
      planned ||= requestAnimationFrame(paint)
    },
  }
}
