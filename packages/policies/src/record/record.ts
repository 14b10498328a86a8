// Real answers kept for tests: `record` writes what a provider answered, `replay` answers with it.
import {
  type ChatResponse,
  type Clock,
  type ErrorCode,
  errorCodes,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { replayed, requestOf } from '@patchbay/core/wrap'
import { outputOf } from '../cache/cacheable.js'
import { kept, keyOf, plain } from '../cache/serialization.js'
import { secretsIn } from '../content/detect/detect.js'
import { mappedLater } from '../content/map-texts.js'
import { calledNow } from '../middleware/call-deadline.js'
import type { Answer, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { type Doors, doors } from '../middleware/policy-coverage.js'
import { Cassette, type Recording } from './cassette.js'

/** Options of `record`. */
export interface RecordOptions {
  /** The cassette: a JSON file, made where there is none, added to where there is one. */
  file: string
  /** Changes each text before it is written, after keys and tokens have been taken out. */
  scrub?: (text: string) => string
  /** Default: the system's. */
  clock?: Clock
}

/** Options of `replay`. */
export interface ReplayOptions {
  /** The cassette. */
  file: string
  /**
   * What becomes of a call that is not on it: an error (the default, for tests), or it is asked of the provider and added.
   */
  unrecorded?: 'error' | 'record'
  /** As with `record`. */
  scrub?: (text: string) => string
  /** Default: the system's. */
  clock?: Clock
}

/**
 * Writes every call to a cassette, with its answer or its failure. Headers are never written, keys and tokens are taken
 * out of all texts. Calls that their caller gave up are not written.
 */
export function record(provider: Provider, options: RecordOptions): Provider {
  return new Recorder(provider, options, false)
}

/**
 * Answers from a cassette. The same call, asked several times, gets the recorded answers in order, and the last one from
 * then on. A call that is not on it fails with `not-found`, or is recorded.
 */
export function replay(provider: Provider, { unrecorded = 'error', ...options }: ReplayOptions): Provider {
  return new Recorder(provider, options, true, unrecorded)
}

class Recorder extends Around {
  protected override readonly doors: Doors
  readonly #cassette: Cassette
  readonly #scrub: (text: string) => Promise<string>
  readonly #played = new Map<string, number>()

  constructor(
    inner: Provider,
    { file, scrub = (text) => text, clock }: RecordOptions,
    private readonly plays: boolean,
    private readonly unrecorded: 'error' | 'record' = 'record',
  ) {
    super(inner, clock)
    this.doors = plays ? doors.replay : doors.record
    this.#cassette = new Cassette(file)
    this.#scrub = async (text) => {
      const secrets = await secretsIn(text)
      const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[SECRET]'), text)
      return calledNow('scrub', () => scrub(clean), this)
    }
  }

  protected async enter(call: Incoming): Promise<Passing> {
    const key = await keyOf(call, this.inner)
    if (this.plays) {
      const recording = this.#next(await this.#cassette.recordings(key))
      if (recording !== undefined) return this.#answered(recording, call)
      if (this.unrecorded === 'error')
        throw new LlmError(
          'not-found',
          `This ${call.kind} call is not on the cassette ${this.#cassette.file}. Record it: replay(provider, { file, unrecorded: 'record' }).`,
          { provider: this.provider, model: this.model },
        )
    }
    const add = async (came: Pick<Recording, 'response' | 'error'>) => {
      const request = await plain(call, this.inner)
      await this.#cassette.add(
        (await mappedLater({ key, kind: call.kind, request, ...came }, this.#scrub)) as Recording,
      )
    }
    return {
      done: async (response) => {
        await add({ response: kept(response) })
        return response
      },
      failed: async (error) => {
        if (error.code === 'aborted' || error.code === 'timeout' || error.code === 'closed') return
        const { code, message, retryable, status, requestId, retryAfterMs } = error
        await add({ error: { code, message, retryable, status, requestId, retryAfterMs } })
      },
    }
  }

  /** The recording whose turn it is. */
  #next(all: Recording[]): Recording | undefined {
    const [first] = all
    if (first === undefined) return undefined
    const played = this.#played.get(first.key) ?? 0
    this.#played.set(first.key, played + 1)
    return all[Math.min(played, all.length - 1)]
  }

  #answered({ response, error }: Recording, { kind, request }: Incoming): Passing {
    if (error !== undefined) throw thrown(error, this)
    if (kind !== 'chat') return { answer: async () => response as Answer }
    const recorded = response as ChatResponse
    return {
      stream: (left) => replayed(recorded, this, left, this.clock),
      done: (answer) =>
        outputOf({ ...(answer as ChatResponse), attempts: recorded.attempts }, requestOf(request, this)),
    }
  }
}

function thrown(
  { code, message, ...details }: Record<string, unknown>,
  { provider, model }: Provider,
): LlmError {
  const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'bad-response'
  return new LlmError(known, String(message), { ...details, provider, model })
}
