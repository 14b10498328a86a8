// `record` writes real answers to a cassette for tests, `replay` answers from it.
import { type ChatResponse, type Clock, LlmError, type Provider } from '@patchbay/core'
import { replayStream, requestWithDefaults } from '@patchbay/core/wrap'
import { secretsIn } from '../content/detect/detect.js'
import { mapTextsAsync } from '../content/map-texts.js'
import { withRequestedOutput } from '../content/requested-output.js'
import { runCallbackSync } from '../middleware/callbacks.js'
import type { CallResponse, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage, type PolicyCoverage } from '../middleware/policy-coverage.js'
import { callKey, normalizedRequest, storedResponse } from '../serialization/stored-call.js'
import { fromStoredError, toStoredError } from '../serialization/stored-error.js'
import { Cassette, type Recording } from './cassette.js'
import { withoutSecretLists, withoutServerSecretsOf } from './server-secrets.js'

/** Options of `record`. */
export interface RecordOptions {
  /** Path of the cassette, a JSON file. It is created, or added to if it exists. */
  file: string
  /** Changes each text before it is written. Keys and tokens have already been replaced by `[SECRET]`. Default: no change. */
  scrub?: ((text: string) => string) | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** Options of `replay`. */
export interface ReplayOptions {
  /** Path of the cassette. */
  file: string
  /**
   * What happens to a call that is not on the cassette. `'error'`: it fails with `not-found` (default). `'record'`: the
   * provider is called, and the call is added.
   */
  unrecorded?: 'error' | 'record' | undefined
  /** As in `record`, for calls that are added. */
  scrub?: ((text: string) => string) | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function record(options: RecordOptions): Policy
/**
 * Writes every call with its response or error to a cassette. Headers are never written; keys and tokens are removed from all
 * texts, those of server tools (`authorizationToken`) too. Aborted calls and calls that timed out are not written.
 * @throws {LlmError} calls fail with `config` if the file cannot be written
 *
 * @example
 * const llm = record(claude('claude-sonnet-5'), { file: 'test/cassette.json' })
 */
export function record(provider: Provider, options: RecordOptions): Provider
export function record(first?: Provider | RecordOptions, second?: RecordOptions): Provider | Policy {
  return policyOf(
    'record',
    recordOptionNames,
    [first, second],
    (provider, options) => new Recorder(provider, options, false),
  )
}

const recordOptionNames: OptionNames<RecordOptions> = { file: true, scrub: true, clock: true }

/** The policy with these options, for `pipe`. */
export function replay(options: ReplayOptions): Policy
/**
 * Answers calls from a cassette. If the same call was recorded several times, its outcomes are replayed in order, and the last
 * one from then on.
 * @throws {LlmError} calls fail with `not-found` if they are not on the cassette, with `config` if the file is not a cassette
 *
 * @example
 * const llm = replay(claude('claude-sonnet-5'), { file: 'test/cassette.json' })
 */
export function replay(provider: Provider, options: ReplayOptions): Provider
export function replay(first?: Provider | ReplayOptions, second?: ReplayOptions): Provider | Policy {
  return policyOf('replay', replayOptionNames, [first, second], (provider, options) => {
    const { unrecorded = 'error', ...rest } = options
    return new Recorder(provider, rest, true, unrecorded)
  })
}

const replayOptionNames: OptionNames<ReplayOptions> = {
  file: true,
  unrecorded: true,
  scrub: true,
  clock: true,
}

class Recorder extends Middleware {
  protected override readonly coverage: PolicyCoverage
  readonly #cassette: Cassette
  readonly #scrub: (text: string) => Promise<string>
  readonly #played = new Map<string, number>()

  constructor(
    inner: Provider,
    { file, scrub = (text) => text, clock }: RecordOptions,
    private readonly replays: boolean,
    private readonly unrecorded: 'error' | 'record' = 'record',
  ) {
    super(inner, clock)
    this.coverage = replays ? coverage.replay : coverage.record
    this.#cassette = new Cassette(file)
    this.#scrub = async (text) => {
      const secrets = await secretsIn(text)
      const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[SECRET]'), text)
      return runCallbackSync('scrub', () => scrub(clean), this)
    }
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    // Without tokens: whoever replays may have another one, or none that is valid.
    const key = await callKey(call, this.inner, '', (request) =>
      withoutSecretLists(withoutServerSecretsOf(request)(request)),
    )
    if (this.replays) {
      const recording = this.#next(await this.#cassette.recordings(key))
      if (recording !== undefined) return this.#replay(recording, call)
      if (this.unrecorded === 'error')
        throw new LlmError(
          'not-found',
          `This ${call.kind} call is not on the cassette ${this.#cassette.file}. Record it: replay(provider, { file, unrecorded: 'record' }).`,
          { provider: this.provider, model: this.model },
        )
    }
    const add = async (outcome: Pick<Recording, 'response' | 'error'>) => {
      const request = await normalizedRequest(call, this.inner)
      const withoutServerSecrets = withoutServerSecretsOf(request)
      const recording = withoutServerSecrets({ request: withoutSecretLists(request), ...outcome })
      await this.#cassette.add(
        (await mapTextsAsync({ key, kind: call.kind, ...recording }, this.#scrub)) as Recording,
      )
    }
    return {
      done: async (response) => {
        await add({ response: storedResponse(response) })
        return response
      },
      failed: async (error) => {
        if (error.code === 'aborted' || error.code === 'timeout' || error.code === 'closed') return
        await add({ error: toStoredError(error) })
      },
    }
  }

  /** The recording to replay next. */
  #next(all: Recording[]): Recording | undefined {
    const [first] = all
    if (first === undefined) return undefined
    const played = this.#played.get(first.key) ?? 0
    this.#played.set(first.key, played + 1)
    return all[Math.min(played, all.length - 1)]
  }

  #replay({ response, error }: Recording, { kind, request }: PolicyCall): Interception {
    if (error !== undefined) throw fromStoredError(error, this)
    if (kind !== 'chat') return { answer: async () => response as CallResponse }
    const recorded = response as ChatResponse
    return {
      stream: (remaining) => replayStream(recorded, this, remaining, this.clock),
      done: (answer) =>
        withRequestedOutput(
          { ...(answer as ChatResponse), attempts: recorded.attempts },
          requestWithDefaults(request, this),
        ),
    }
  }
}
