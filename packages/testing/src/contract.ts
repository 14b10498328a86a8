// The contract suite: vitest tests that every provider passes, for backends, policies and bridges.
import type { ChatRequest, Provider } from '@patchbay/core'
import { afterAll, beforeAll, describe } from 'vitest'
import { callOptions } from './contract/call-options.js'
import { cancellation } from './contract/cancellation.js'
import { capabilities } from './contract/capabilities.js'
import { immutability } from './contract/immutability.js'
import { nothingLost } from './contract/nothing-lost.js'
import { requests } from './contract/requests.js'
import { responses } from './contract/responses.js'
import { streams } from './contract/streams.js'
import { Subject } from './contract/subject.js'

/** Options of `describeProvider`. */
export interface ContractOptions {
  /** A question that the model answers in a few words. Default: the capital of France. */
  short?: string
  /** A question that the model answers in at least ten deltas. Default: count from 1 to 12. */
  long?: string
  /** `true` (the default) if the same request always gives the same text. `false` for live models. */
  deterministic?: boolean
  /** A request that the model answers with a tool call. Default: the weather in Lima, with the tool required. */
  toolRequest?: ChatRequest
  /** Time limit of each test, in milliseconds. Default 30,000. */
  timeout?: number
  /**
   * Returns the bodies of all requests that the service has received so far, or whatever else the model gets. The suite looks
   * for every piece of a request in them: each is there, or an error or a warning names it. Default: the bodies that go through
   * the platform's `fetch`; if there are none, those tests are skipped. `false` skips them, for a provider around one that has
   * them.
   */
  sent?: (() => readonly string[]) | false
  /**
   * Features that the service refuses although the provider's capabilities say `true`, for example if a gateway stands in
   * front of a smaller model. Default: none.
   */
  refusedByService?: readonly ('tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning')[]
}

/** Makes a new provider. The suite closes it. */
export type ContractFactory = () => Provider | Promise<Provider>

const weather: ChatRequest = {
  messages: 'What is the weather in Lima?',
  tools: [
    {
      name: 'get_weather',
      description: 'Get the current weather in a city.',
      input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
  toolChoice: 'required',
}

/**
 * Registers the contract suite for a provider, as vitest tests. Call it in a test file to test a backend or a wrapper.
 * Features that the provider's capabilities rule out must be refused.
 * @param name for the titles of the tests
 * @example
 * describeProvider('my backend', () => myBackend('model-1'))
 */
export function describeProvider(
  name: string,
  factory: ContractFactory,
  options: ContractOptions = {},
): void {
  const {
    short = 'What is the capital of France?',
    long = 'Count from 1 to 12.',
    deterministic = true,
  } = options
  const { toolRequest = weather, timeout = 30_000, sent, refusedByService } = options
  const subject = new Subject(factory, short, long, deterministic, toolRequest, sent, refusedByService)

  describe(`the contract: ${name}`, { timeout }, () => {
    beforeAll(() => subject.open(), timeout)
    afterAll(() => subject.close(), timeout)
    streams(subject)
    responses(subject)
    cancellation(subject)
    requests(subject)
    callOptions(subject)
    immutability(subject)
    capabilities(subject)
    nothingLost(subject)
  })
}
