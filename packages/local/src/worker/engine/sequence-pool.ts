// The sequences of a context, lent one to a generation. A generation gets the free one that holds most of its prompt;
// what another one holds, or is just evaluating, is handed over instead of being evaluated twice.
import type { LlamaContextSequence, Token } from 'node-llama-cpp'
import { JobError } from '../failure.js'

/** A sequence on loan. */
export interface Lease {
  readonly sequence: LlamaContextSequence
  /** Tokens of the prompt that it already holds. */
  readonly cached: number
  /** More of the prompt has been evaluated. */
  progress(): void
  /** The prompt is evaluated. */
  begun(): void
  giveBack(): void
}

interface Lane {
  readonly sequence: LlamaContextSequence
  state: 'free' | 'waiting' | 'prompt' | 'answer'
  /** The prompt it is evaluating. */
  prompt: Token[]
}

/** So many tokens more are worth a copy, or the wait for somebody who is evaluating them. */
const worthIt = 32

export class Lanes {
  readonly #lanes: Lane[]
  readonly #listeners = new Set<() => void>()

  constructor(sequences: LlamaContextSequence[]) {
    this.#lanes = sequences.map((sequence) => ({ sequence, state: 'free', prompt: [] }))
  }

  /** Are several generations computing? */
  get shared(): boolean {
    return this.#lanes.filter(({ state }) => state === 'prompt' || state === 'answer').length > 1
  }

  /** Generations that evaluate their prompts, at least one: whoever asks. */
  get prompts(): number {
    return Math.max(1, this.#lanes.filter(({ state }) => state === 'prompt').length)
  }

  get sequences(): LlamaContextSequence[] {
    return this.#lanes.map(({ sequence }) => sequence)
  }

  /** Lends a sequence for a prompt, cut back to what they share. The app never asks for more than there are. */
  async borrow(prompt: Token[], signal: AbortSignal): Promise<Lease> {
    const lane = best(
      this.#lanes.filter(({ state }) => state === 'free'),
      (free) => held(free, prompt),
    )
    if (lane === undefined)
      throw new JobError('inference', 'The worker was given more work at once than it has sequences.')
    lane.state = 'waiting'
    const giveBack = (): void => {
      lane.state = 'free'
      this.#tell()
    }
    try {
      await this.#takeOver(lane, prompt, signal)
      const { sequence } = lane
      // The last token is always evaluated anew: its output is where the answer begins.
      const cached = Math.min(held(lane, prompt), prompt.length - 1)
      if (cached < sequence.nextTokenIndex)
        await sequence.eraseContextTokenRanges([{ start: cached, end: sequence.nextTokenIndex }])
      return {
        sequence,
        cached: sequence.nextTokenIndex,
        progress: () => this.#tell(),
        begun: () => {
          lane.state = 'answer'
          this.#tell()
        },
        giveBack,
      }
    } catch (error) {
      giveBack()
      throw error
    }
  }

  /** Waits for whoever is evaluating the same beginning, and takes it from whoever has most of it. */
  async #takeOver(lane: Lane, prompt: Token[], signal: AbortSignal): Promise<void> {
    const others = this.#lanes.filter((other) => other !== lane)
    for (;;) {
      const have = Math.max(...this.#lanes.map((each) => held(each, prompt)))
      const coming = Math.max(
        ...others.map((other) => (other.state === 'prompt' ? common(other.prompt, prompt) : 0)),
      )
      if (coming < have + worthIt || signal.aborted) break
      await this.#change(signal)
    }
    // From here on others can wait for it: said at once, or two who come together would both go ahead.
    lane.state = 'prompt'
    lane.prompt = prompt
    const source = best(others, (other) => held(other, prompt))
    if (source === undefined || held(source, prompt) < held(lane, prompt) + worthIt) return
    if (!(await copied(source.sequence, lane.sequence, held(source, prompt))))
      await lane.sequence.clearHistory()
  }

  #change(signal: AbortSignal): Promise<void> {
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

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** How many tokens of the prompt a lane holds. */
function held({ sequence }: Lane, prompt: Token[]): number {
  return sequence.compareContextTokens(prompt).firstDifferentIndex
}

function common(a: Token[], b: Token[]): number {
  const at = a.findIndex((token, index) => token !== b[index])
  return at < 0 ? a.length : at
}

function best(lanes: Lane[], score: (lane: Lane) => number): Lane | undefined {
  return lanes.reduce<Lane | undefined>(
    (found, lane) => (found === undefined || score(lane) > score(found) ? lane : found),
    undefined,
  )
}

/**
 * Hands the state of one sequence to another. The engine (3.22) has this for its own use only; without it, or where the
 * sequence is in the middle of something, it says `false` and the target holds nothing that counts.
 */
async function copied(
  from: LlamaContextSequence,
  to: LlamaContextSequence,
  tokens: number,
): Promise<boolean> {
  const target = to as LlamaContextSequence & {
    _copyStateFromOtherSequence?(other: LlamaContextSequence, upToTokenIndex: number): Promise<boolean>
  }
  return (await target._copyStateFromOtherSequence?.(from, tokens)) ?? false
}
