// Background answers: made while no client waits, kept by id, and read from any event on.
// Source: platform.openai.com/docs/guides/background, November 2026.

import type { Json } from '../../body/body.js'
import { BackgroundAnswer, type BackgroundCall } from './background-answer.js'
import { type BackgroundJobs, maxRunning, tooMany } from './background-jobs.js'
import { type Kept, maxCharacters } from './event-log.js'
import type { ResponseStore } from './response-store.js'

/** The background answers of one gateway. */
export class BackgroundAnswers {
  /** By key and id; the oldest first. */
  readonly #answers = new Map<string, BackgroundAnswer>()
  readonly #kept: Kept = { characters: 0 }

  /** `jobs`: where instances share a Redis. */
  constructor(
    private readonly store: ResponseStore,
    private readonly jobs: () => BackgroundJobs | undefined,
  ) {}

  /**
   * Leaves an answer to whichever instance takes it first; undefined if there are no jobs, this is one already, or its
   * conversation is too long to be stored. Its response can be read anywhere from then on.
   * @throws {LlmError} `rate-limited` if the key has too many, `network` if it cannot be stored
   */
  async handOver(call: BackgroundCall, request: Request, body: Json): Promise<Json | undefined> {
    const jobs = this.jobs()
    if (jobs === undefined || call.isJob) return undefined
    const { owner, items, recorder } = call
    const answer = new BackgroundAnswer({ ...call, isJob: true }, this.store, this.#kept, () => {})
    try {
      if (!(await answer.announce())) return undefined
      if (await jobs.add(recorder.id, owner, request, body)) return answer.response
    } catch (error) {
      await this.store.delete(owner, items.id).catch(() => {})
      throw error
    } finally {
      answer.events.clear()
    }
    return undefined
  }

  /**
   * An answer to begin; it goes on without its client.
   * @throws {LlmError} `rate-limited` if the key has too many, `network` if it cannot be stored
   */
  async start(call: BackgroundCall): Promise<BackgroundAnswer> {
    const { owner, items } = call
    const running = [...this.#answers.values()].filter((one) => one.owner === owner && !one.hasEnded)
    if (running.length >= maxRunning && !call.isJob) throw tooMany()
    const answer = new BackgroundAnswer(call, this.store, this.#kept, () => this.#forgetOld())
    this.#answers.set(keyOf(owner, items.id), answer)
    try {
      // Known to all instances before the client knows its id.
      await (call.isJob ? answer.announce() : answer.save())
    } catch (error) {
      this.forget(owner, items.id)
      throw error
    }
    return answer
  }

  /**
   * Asks the instance that makes an answer to end it; one that no instance has begun is taken back.
   * @throws {LlmError} `network` if the store cannot be reached
   */
  async askToEnd(owner: string, id: string, how: 'cancel' | 'forget'): Promise<void> {
    await this.store.askToEnd(owner, id, how)
    const isTakenBack = await this.jobs()?.remove(id.slice('resp_'.length), owner)
    if (isTakenBack && how === 'cancel') await this.store.end(owner, id, { status: 'cancelled' })
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
      if (Date.now() >= one.keptUntil || (one.hasEnded && this.#kept.characters > maxCharacters))
        this.#forget(key)
  }
}

/** Ids are random, and owners may have any name. */
function keyOf(owner: string, id: string): string {
  return JSON.stringify([owner, id])
}
