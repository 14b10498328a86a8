// A question, asked of every chosen model at once, and what comes of it on the way to the page.
import { isLlmError, type Part, type ToolResultPart } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { signal } from '@preact/signals'
import { addTurn, changeAnswer, current } from './conversations.js'
import { chosenModels, key, parameters, type Wanted, wantedOf } from './settings.js'
import { type Answer, type Conversation, historyOf, type WireExchange, wordsOf } from './talk.js'
import { recording } from './wire.js'

const running = signal<ReadonlyMap<string, AbortController>>(new Map())

/** Is anything being answered? */
export const isBusy = () => running.value.size > 0

/** Stops everything that is being answered. */
export function stop(): void {
  for (const controller of running.value.values()) controller.abort()
}

/**
 * Asks all chosen models.
 * @throws {Error} for parameters that are wrong
 */
export function ask(question: Part[]): void {
  const wanted = wantedOf(parameters.value)
  const turn = {
    id: crypto.randomUUID(),
    question,
    answers: chosenModels.value.map((model): Answer => ({ model, ...nothing })),
  }
  const conversation = addTurn(turn, wordsOf(question))
  for (const { model } of turn.answers) void answer(conversation, turn.id, model, wanted)
}

/** Gives a model what the tools it called came to, and lets it go on. */
export function answerCalls(turnId: string, model: string, results: ToolResultPart[]): void {
  const wanted = wantedOf(parameters.value)
  const { id } = current.value
  changeAnswer(id, turnId, model, (before) => ({
    ...before,
    ...nothing,
    messages: [...before.messages, { role: 'tool', content: results }],
    wire: before.wire,
  }))
  void answer(current.value, turnId, model, wanted)
}

const nothing: Omit<Answer, 'model'> = {
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
  wanted: Wanted,
): Promise<void> {
  const id = `${turn} ${model}`
  const controller = new AbortController()
  running.value = new Map(running.value).set(id, controller)
  const page = painter(conversation.id, turn, model)
  const heard = (exchange: WireExchange) =>
    page.change((before) => {
      const known = before.wire.findLastIndex((one) => one.body === exchange.body && one.url === exchange.url)
      const wire = known < 0 ? [...before.wire, exchange] : before.wire.with(known, exchange)
      return { ...before, wire }
    })
  const began = performance.now()
  const since = () => performance.now() - began
  const provider = openai(model, {
    baseURL: `${location.origin}/v1`,
    apiKey: key.value || 'none',
    api: 'chat',
    // The gateway takes all the options there are.
    preset: 'vllm',
    fetch: recording(heard),
    retry: false,
  })
  try {
    const messages = historyOf(conversation, turn, model)
    const stream = provider.stream({ ...wanted, messages }, { signal: controller.signal })
    for await (const event of stream) {
      const at = since()
      if (event.type === 'text' || event.type === 'reasoning')
        page.change((before) => ({
          ...before,
          [event.type]: before[event.type] + event.text,
          numbers: {
            ...before.numbers,
            firstMs: before.numbers.firstMs ?? at,
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
      ...endedBy(error, before),
      numbers: { ...before.numbers, ms: since() },
    }))
  } finally {
    page.paint()
    const left = new Map(running.value)
    left.delete(id)
    running.value = left
    await provider.close()
  }
}

/** What was said before it ended stays. */
function endedBy(error: unknown, before: Answer): Partial<Answer> {
  const said = before.text === '' ? [] : [{ role: 'assistant' as const, content: before.text }]
  const kept = { messages: [...before.messages, ...said], text: '' }
  if (isLlmError(error, 'aborted')) return { ...kept, state: 'stopped' }
  const { code, message } = isLlmError(error) ? error : { code: 'bug' as const, message: String(error) }
  return { ...kept, state: 'failed', error: { code, message } }
}

/** Changes come with every token; the page is painted once a frame. */
function painter(conversation: string, turn: string, model: string) {
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
