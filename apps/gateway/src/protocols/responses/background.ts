// Background answers: made while no client waits, kept by id, and read from any event on.
// Source: platform.openai.com/docs/guides/background, November 2026.
import { LlmError } from '@patchbay/core'
import { BackgroundAnswer, type BackgroundCall, eventsMs } from './background-answer.js'
import { type Kept, maxCharacters } from './event-log.js'
import type { ResponseStore } from './response-store.js'

/** Answers of one key at the same time. */
const maxRunning = 100
/** The background answers of one gateway. */
export class BackgroundAnswers {
  /** By key and id; the oldest first. */
  readonly #answers = new Map<string, BackgroundAnswer>()
  readonly #kept: Kept = { characters: 0 }

  constructor(private readonly store: ResponseStore) {}

  /**
   * An answer to begin; it goes on without its client.
   * @throws {LlmError} `rate-limited` if the key has too many, `network` if it cannot be stored
   */
  async start(call: BackgroundCall): Promise<BackgroundAnswer> {
    const { owner, items } = call
    const running = [...this.#answers.values()].filter((one) => one.owner === owner && !one.hasEnded)
    if (running.length >= maxRunning)
      throw new LlmError(
        'rate-limited',
        `This key has ${maxRunning} background answers that have not ended. Wait for one of them, or cancel it.`,
      )
    const answer = new BackgroundAnswer(call, this.store, this.#kept, () => this.#forgetOld())
    this.#answers.set(keyOf(owner, items.id), answer)
    try {
      // Known to all instances before the client knows its id.
      await answer.save()
    } catch (error) {
      this.forget(owner, items.id)
      throw error
    }
    return answer
  }

  /** An answer that this instance makes, or whose events it still has. */
  find(owner: string, id: string): BackgroundAnswer | undefined {
    this.#forgetOld()
    return this.#answers.get(keyOf(owner, id))
  }

  forget(owner: string, id: string): void {
    this.#forget(keyOf(owner, id))
  }

  #forget(key: string): void {
    this.#answers.get(key)?.events.clear()
    this.#answers.delete(key)
  }

  #forgetOld(): void {
    for (const [key, one] of this.#answers)
      if (Date.now() - one.endedAt >= eventsMs || (one.hasEnded && this.#kept.characters > maxCharacters))
        this.#forget(key)
  }
}

/** Ids are random, and owners may have any name. */
function keyOf(owner: string, id: string): string {
  return JSON.stringify([owner, id])
}
