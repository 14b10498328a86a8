// The contract suite: what every provider must do, whoever serves it. Backends, wrappers and bridges all run it.
import type { ChatRequest, Provider } from '@patchbay/core'
import { afterAll, beforeAll, describe } from 'vitest'
import { abilities } from './contract/abilities.js'
import { callOptions } from './contract/call-options.js'
import { endings } from './contract/endings.js'
import { kept } from './contract/kept.js'
import { requests } from './contract/requests.js'
import { responses } from './contract/responses.js'
import { streams } from './contract/streams.js'
import { Subject } from './contract/subject.js'
import { untouched } from './contract/untouched.js'

/** What the suite must know of a provider. */
export interface ContractOptions {
  /** A question with an answer of a few words. Default: the capital of France. */
  short?: string
  /** A question with an answer of at least ten deltas. Default: count from 1 to 12. */
  long?: string
  /** Does the same request give the same text? Default true. */
  deterministic?: boolean
  /** A request to which the model should answer with a tool call. Default: the weather in Lima, with the tool required. */
  toolRequest?: ChatRequest
  /** Bounds a single test, in milliseconds. Default 30,000. */
  timeout?: number
  /**
   * The bodies of all requests that were sent to the model so far. Where they can be seen, the suite looks for every piece
   * of a request in them: it is there, or an error or a warning names it.
   */
  sent?: () => readonly string[]
}

/** Makes a fresh provider; the suite closes it. */
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
 * Runs the contract against a provider, as vitest tests. What a provider's capabilities rule out is tested to be
 * refused. Export it into your own package's tests to prove a backend or a wrapper.
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
  const { toolRequest = weather, timeout = 30_000, sent } = options
  const subject = new Subject(factory, short, long, deterministic, toolRequest, sent)

  describe(`the contract: ${name}`, { timeout }, () => {
    beforeAll(() => subject.open(), timeout)
    afterAll(() => subject.provider.close(), timeout)
    for (const group of [streams, responses, endings, requests, callOptions, untouched, abilities, kept])
      group(subject)
  })
}
