// Requests for summaries: equal ones at the same time are one request, and its usage is counted once.
import type { ChatResponse, LlmError, Provider } from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'
import { SharedCalls } from '../cache/shared-call.js'
import type { ChatCall } from '../middleware/interception.js'
import type { Account } from './account.js'
import type { Checkpoint } from './checkpoints.js'
import { type SummaryTask, summarize } from './summary.js'
import { replaced, type Unit } from './units.js'

// Of the summarizer's window, for a transcript; the rest is for the instructions and the summary.
const readableShare = 0.5
// Of dense text such as code, so that the transcript fits.
const charactersPerToken = 2
// A summary takes at most a quarter of what stays of the conversation; a word has about 1.3 tokens.
const wordsPerToken = 0.2
const [fewestWords, mostWords] = [100, 1500]

/** The beginning of a conversation that is to be summarized. */
interface Beginning {
  /** Its own beginning that was summarized before. */
  known: Checkpoint | undefined
  units: readonly Unit[]
  /** Tokens of the conversation that stay as they are. */
  keep: number
}

/** How a request ended, and what it used, until one of its callers counts that. */
interface Outcome {
  text: string | undefined
  error: LlmError | undefined
  used: (ChatResponse | LlmError)[]
}

export class Summaries {
  readonly #inFlight = new SharedCalls<Outcome>()

  constructor(
    private readonly summarizer: Provider,
    private readonly instructions: string | undefined,
  ) {}

  /**
   * The text that stands for the beginning; `undefined` with a warning if it could not be made.
   * @throws {LlmError} `aborted` or `timeout` if the call that needs it has ended
   */
  async make(
    name: string,
    beginning: Beginning,
    call: ChatCall,
    account: Account,
  ): Promise<string | undefined> {
    const { deadline, options } = call
    const send = async (shared: object): Promise<Outcome> => {
      const used: Outcome['used'] = []
      const { retry, metadata } = options
      const given = { ...shared, ...(retry !== undefined && { retry }), ...(metadata && { metadata }) }
      try {
        const task = await this.#task(beginning)
        const text = await summarize(this.summarizer, task, given, (response) => used.push(response))
        return { text, error: undefined, used }
      } catch (thrown) {
        const { provider, model } = this.summarizer
        const error = asLlmError(thrown, { provider, model })
        // Of a summary that was cut off, the response is counted already.
        if (!used.some(({ usage }) => usage !== undefined && usage === error.usage)) used.push(error)
        return { text: undefined, error, used }
      }
    }
    const outcome = await this.#inFlight.answer(name, send, deadline)
    for (const one of outcome.used.splice(0)) account.count(one)
    const { text, error } = outcome
    if (text !== undefined) return introduced(text, replaced(beginning.units, beginning.units.length).length)
    account.warn(
      `The conversation is long, and could not be summarized (${error?.code}: ${error?.message}), so it was sent as it is.`,
    )
    return undefined
  }

  async #task({ known, units, keep }: Beginning): Promise<SummaryTask> {
    const capabilities = await this.summarizer.capabilities().catch(() => undefined)
    const window = capabilities?.contextWindow ?? Number.POSITIVE_INFINITY
    return {
      previous: known?.text,
      // What stays as it is belongs to the story too, and later turns leave it out.
      messages: units
        .slice(known?.units ?? 0)
        .flatMap(({ messages }) => messages)
        .filter(({ role }) => role !== 'system'),
      instructions: this.instructions,
      words: Math.round(Math.min(mostWords, Math.max(fewestWords, keep * wordsPerToken))),
      readable: window * readableShare * charactersPerToken,
    }
  }
}

function introduced(summary: string, messages: number): string {
  return `Summary of ${messages} earlier messages of this conversation, which are not repeated:\n\n${summary}`
}
