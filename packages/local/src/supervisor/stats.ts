// How a worker is doing, in numbers.
import type { Job } from './job.js'
import type { JobResult, ReadyInfo } from './protocol.js'

/** How the worker is doing. Counts and times are since the first handle was made. */
export interface WorkerStats {
  /** Jobs waiting for a sequence. */
  queued: number
  /** Jobs being worked on. */
  running: number
  /** Jobs that were begun and have ended, whichever way. */
  finished: number
  /** How often a process that died was replaced: one that died at work, while loading, or while it had nothing to do. */
  restarts: number
  /** How often the model was unloaded: it was idle for `keepAlive`, or another one needed its memory. */
  unloads: number
  /** The worker's process, while there is one. */
  pid: number | undefined
  /** Handles that have not been closed. */
  handles: number
  /** What the jobs that were begun had waited for, in milliseconds. */
  waitMs: { mean: number; longest: number }
  /**
   * Tokens of prompts, how many of them were already evaluated (the cache hits), and tokens generated. Of jobs that ended
   * early what was done counts; what a process had done when it died, or when a job failed, does not.
   */
  tokens: { prompt: number; cached: number; output: number }
  /**
   * Tokens per second of one sequence, over all jobs: prompt tokens evaluated, tokens decoded, without the time that a
   * generation waited for its reader. 0 before the first.
   */
  tokensPerSecond: { prompt: number; decode: number }
  /** Facts of the loaded model, while it is loaded, and why they were chosen. */
  loaded: ReadyInfo | undefined
}

/** What the jobs that have ended add up to. */
export class Tally {
  finished = 0
  #begun = 0
  #waited = 0
  #longest = 0
  readonly #tokens = { prompt: 0, cached: 0, output: 0 }
  #promptMs = 0
  #decodeMs = 0

  began({ waitedMs }: Job): void {
    this.#begun++
    this.#waited += waitedMs
    this.#longest = Math.max(this.#longest, waitedMs)
  }

  done(result: JobResult): void {
    this.#tokens.prompt += result.inputTokens
    this.#promptMs += result.promptMs
    if (!('outputTokens' in result)) return
    this.#tokens.cached += result.cachedInputTokens
    this.#tokens.output += result.outputTokens
    this.#decodeMs += result.decodeMs
  }

  get numbers(): Pick<WorkerStats, 'finished' | 'waitMs' | 'tokens' | 'tokensPerSecond'> {
    const { prompt, cached, output } = this.#tokens
    return {
      finished: this.finished,
      waitMs: { mean: this.#waited / Math.max(1, this.#begun), longest: this.#longest },
      tokens: { prompt, cached, output },
      tokensPerSecond: {
        prompt: perSecond(prompt - cached, this.#promptMs),
        decode: perSecond(output, this.#decodeMs),
      },
    }
  }
}

function perSecond(count: number, ms: number): number {
  return ms > 0 ? (count / ms) * 1000 : 0
}
