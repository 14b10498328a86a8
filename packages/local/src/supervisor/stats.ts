// Statistics of a worker: what `stats()` returns, and the counters behind it.
import type { Job } from './job.js'
import type { JobResult, ReadyInfo } from './protocol.js'

/** State and statistics of a worker. Counts and times are since the first handle was made. */
export interface WorkerStats {
  /** Jobs waiting for a sequence. */
  queued: number
  /** Jobs being worked on. */
  running: number
  /** Jobs that were started and have ended, successfully or not. */
  finished: number
  /** How often a process that died was replaced, whether it was working, loading or idle. */
  restarts: number
  /**
   * How often the model was unloaded: it was idle for `keepAlive`, another model needed its memory, or it had become far slower than it
   * was measured, so that its threads are measured again.
   */
  unloads: number
  /** Id of the worker's process, while there is one. */
  pid: number | undefined
  /** Handles that are not closed. */
  handles: number
  /** Time that started jobs had spent in the queue, in milliseconds. */
  waitMs: { mean: number; longest: number }
  /**
   * Tokens of prompts, how many of these were in the prefix cache, and generated tokens. A job that ended early counts
   * with what was done; a job that failed, or whose process died, does not count.
   */
  tokens: { prompt: number; cached: number; output: number }
  /**
   * Tokens per second of one sequence, averaged over all jobs: prompt tokens evaluated, and tokens generated. Pauses for
   * slow readers do not count. 0 before the first job has finished.
   */
  tokensPerSecond: { prompt: number; decode: number }
  /** Facts of the loaded model, while it is loaded, with the reasons for what was chosen. */
  loaded: ReadyInfo | undefined
}

/** Counters over all jobs. */
export class StatsCounter {
  finished = 0
  #started = 0
  #queuedMs = 0
  #longestMs = 0
  readonly #tokens = { prompt: 0, cached: 0, output: 0 }
  #promptMs = 0
  #decodeMs = 0

  jobStarted({ queuedMs }: Job): void {
    this.#started++
    this.#queuedMs += queuedMs
    this.#longestMs = Math.max(this.#longestMs, queuedMs)
  }

  jobDone(result: JobResult): void {
    this.#tokens.prompt += result.inputTokens
    this.#promptMs += result.promptMs
    if (!('outputTokens' in result)) return
    this.#tokens.cached += result.cachedInputTokens
    this.#tokens.output += result.outputTokens
    this.#decodeMs += result.decodeMs
  }

  get totals(): Pick<WorkerStats, 'finished' | 'waitMs' | 'tokens' | 'tokensPerSecond'> {
    const { prompt, cached, output } = this.#tokens
    return {
      finished: this.finished,
      waitMs: { mean: this.#queuedMs / Math.max(1, this.#started), longest: this.#longestMs },
      tokens: { ...this.#tokens },
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
