// Pool of a context's sequences. A generation gets the free sequence that holds most of its prompt; what another one
// holds, or is evaluating at the moment, is copied instead of evaluated twice.
import type { Token } from 'node-llama-cpp'
import { JobError } from '../failure.js'
import type { Sequence } from './sequence.js'

/** A sequence that a generation has for itself. */
export interface Lease {
  readonly sequence: Sequence
  /** Tokens of the prompt that the sequence already holds. */
  readonly cached: number
  /** More of the prompt has been evaluated. */
  promptAdvanced(): void
  /** The whole prompt has been evaluated. */
  promptDone(): void
  release(): void
}

interface Slot {
  readonly sequence: Sequence
  state: 'free' | 'waiting' | 'prompt' | 'answer'
  /** The prompt that is being evaluated. */
  prompt: Token[]
}

/** A copy, or the wait for another generation's prompt, pays off if it saves this many tokens. */
const leastGain = 32

export class SequencePool {
  readonly #slots: Slot[]
  readonly #listeners = new Set<() => void>()

  constructor(sequences: Sequence[]) {
    this.#slots = sequences.map((sequence) => ({ sequence, state: 'free', prompt: [] }))
    for (const sequence of sequences) if ('onAdvance' in sequence) sequence.onAdvance = () => this.#notify()
  }

  /** Several generations are computing. */
  get shared(): boolean {
    return this.#slots.filter(({ state }) => state === 'prompt' || state === 'answer').length > 1
  }

  /** Number of generations that are evaluating their prompts; at least 1, the one that asks. */
  get prompts(): number {
    return Math.max(1, this.#slots.filter(({ state }) => state === 'prompt').length)
  }

  get sequences(): Sequence[] {
    return this.#slots.map(({ sequence }) => sequence)
  }

  /**
   * A sequence for a prompt, cut back to the tokens that both have in common.
   * @throws {JobError} `inference` if none is free; the scheduler starts no more jobs than there are sequences
   */
  async acquire(prompt: Token[], signal: AbortSignal): Promise<Lease> {
    const slot = highestScoring(
      this.#slots.filter(({ state }) => state === 'free'),
      (free) => cachedTokens(free, prompt),
    )
    if (slot === undefined)
      throw new JobError('inference', 'The worker got more jobs at once than it has sequences.')
    slot.state = 'waiting'
    const release = (): void => {
      slot.state = 'free'
      this.#notify()
    }
    try {
      await this.#copyPrefix(slot, prompt, signal)
      const { sequence } = slot
      // The last token is always evaluated: the answer begins with its output.
      const cached = Math.min(cachedTokens(slot, prompt), prompt.length - 1)
      if (cached < sequence.nextTokenIndex)
        await sequence.eraseContextTokenRanges([{ start: cached, end: sequence.nextTokenIndex }])
      return {
        sequence,
        cached: sequence.nextTokenIndex,
        promptAdvanced: () => this.#notify(),
        promptDone: () => {
          slot.state = 'answer'
          this.#notify()
        },
        release,
      }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Waits for generations that are evaluating the same prefix, and copies it from the slot that has most of it. */
  async #copyPrefix(slot: Slot, prompt: Token[], signal: AbortSignal): Promise<void> {
    const others = this.#slots.filter((other) => other !== slot)
    for (;;) {
      const available = Math.max(...this.#slots.map((each) => cachedTokens(each, prompt)))
      const expected = Math.max(
        ...others.map((other) => (other.state === 'prompt' ? commonPrefix(other.prompt, prompt) : 0)),
      )
      if (expected < available + leastGain || signal.aborted) break
      await this.#nextChange(signal)
    }
    // From here on, others can wait for this slot. Set before anything is awaited: of two generations that come
    // together, only one may evaluate the prefix.
    slot.state = 'prompt'
    slot.prompt = prompt
    const source = highestScoring(others, (other) => cachedTokens(other, prompt))
    if (source === undefined || cachedTokens(source, prompt) < cachedTokens(slot, prompt) + leastGain) return
    const { sequence } = slot
    if (!(await sequence._copyStateFromOtherSequence?.(source.sequence, cachedTokens(source, prompt))))
      await sequence.clearHistory()
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        signal.removeEventListener('abort', listener)
        this.#listeners.delete(listener)
        resolve()
      }
      signal.addEventListener('abort', listener)
      this.#listeners.add(listener)
    })
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Number of the prompt's first tokens that a slot holds. */
function cachedTokens({ sequence }: Slot, prompt: Token[]): number {
  return sequence.compareContextTokens(prompt).firstDifferentIndex
}

function commonPrefix(a: Token[], b: Token[]): number {
  const index = a.findIndex((token, index) => token !== b[index])
  return index < 0 ? a.length : index
}

function highestScoring(slots: Slot[], score: (slot: Slot) => number): Slot | undefined {
  return slots.reduce<Slot | undefined>(
    (best, slot) => (best === undefined || score(slot) > score(best) ? slot : best),
    undefined,
  )
}
