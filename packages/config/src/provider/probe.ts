// Probes of a provider's features: one tiny request for each feature of the contract. `patchbay doctor` and the gateway's admin
// interface show what they find.

import { type CallOptions, type ChatRequest, isLlmError, LlmError, type Provider, tool } from '@patchbay/core'
import { unlessAborted } from '@patchbay/core/wire'
import type { Requirement } from '../types.js'

/** How a feature fared. `no`: it is known not to be there. `failed`: it should be, or might be, and is not. */
export interface Finding {
  outcome: 'yes' | 'no' | 'failed'
  /** Why not. */
  detail?: string
}

/** What is probed. */
export type Feature = 'text' | 'stream' | Extract<Requirement, 'tools' | 'json' | 'vision' | 'embed'>
/** All of them, in the order in which they are probed. */
export const features: readonly Feature[] = ['text', 'stream', 'tools', 'json', 'vision', 'embed']

// One red pixel.
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='
const weather = tool({
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: { type: 'object', properties: { city: { type: 'string', maxLength: 20 } }, required: ['city'] },
})
const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}

type Probe = (provider: Provider, options: CallOptions) => Promise<string | undefined>

/** What is wrong with the answer, or nothing. */
const probes: Record<Feature, Probe> = {
  text: async (provider, options) => {
    const { text, reasoning } = await provider.chat(request('Say hi.'), options)
    return text === '' && reasoning === '' ? 'the answer was empty' : undefined
  },
  stream: async (provider, options) => {
    const kinds: string[] = []
    for await (const { type } of provider.stream(request('Say hi.'), options)) kinds.push(type)
    return kinds[0] === 'start' && kinds.at(-1) === 'finish' ? undefined : 'the stream was not whole'
  },
  tools: async (provider, options) => {
    const { toolCalls } = await provider.chat(
      request({ messages: 'What is the weather in Lima?', tools: [weather] }),
      options,
    )
    return toolCalls.length > 0 ? undefined : 'it answered without calling the tool'
  },
  json: async (provider, options) => {
    const output = { schema: person }
    await provider.chat(request({ messages: 'Give me JSON: name Eve, age 30.', output }), options)
    return undefined
  },
  vision: async (provider, options) => {
    const image = { type: 'image', data: pixel, mediaType: 'image/png' } as const
    const question = { type: 'text', text: 'Which colour?' } as const
    await provider.chat(request({ messages: [{ role: 'user', content: [image, question] }] }), options)
    return undefined
  },
  embed: async (provider, options) => {
    const { vectors } = await provider.embed('hi', options)
    return vectors[0]?.length ? undefined : 'there was no vector'
  },
}

function request(given: string | ChatRequest): ChatRequest {
  const whole = typeof given === 'string' ? { messages: given } : given
  // Models that think need room for it.
  return { maxOutputTokens: 512, ...whole }
}

/** Caches answer nothing of another tenant: a stored answer says nothing about the service. */
const tenantPrefix = 'patchbay-probe:'

/** Whether a call is one of a probe. */
export function isProbe({ metadata }: CallOptions): boolean {
  return metadata?.tenant?.startsWith(tenantPrefix) === true
}

/**
 * Asks for each feature with one tiny request, of at most 512 output tokens. One after the other: a small server is not to be flooded.
 * After a text that fails nothing else is asked. No cache answers for the service: `metadata.tenant` is another one each time.
 *
 * `options.timeout` is for each request. If `options.signal` aborts with a `TimeoutError`, as that of `AbortSignal.timeout` does, what was
 * found is kept, and the rest has failed for want of time.
 * @throws {LlmError} `aborted` if the signal aborts with anything else; every other failure is a finding
 */
export async function probe(provider: Provider, options: CallOptions): Promise<Record<Feature, Finding>> {
  const metadata = { ...options.metadata, tenant: `${tenantPrefix}${crypto.randomUUID()}` }
  const findings = {} as Record<Feature, Finding>
  for (const feature of features) {
    const { text } = findings
    findings[feature] =
      text?.outcome === 'failed'
        ? text
        : await find(probes[feature], provider, { ...options, metadata, retry: false })
  }
  return findings
}

async function find(work: Probe, provider: Provider, options: CallOptions): Promise<Finding> {
  const { signal } = options
  if (isOutOfTime(signal)) return { outcome: 'failed', detail: 'not asked: the time for all probes was over' }
  try {
    const ask = () => work(provider, options)
    const problem = await (signal === undefined ? ask() : unlessAborted(signal, ask))
    return problem === undefined ? { outcome: 'yes' } : { outcome: 'failed', detail: problem }
  } catch (error) {
    if (isOutOfTime(signal))
      return { outcome: 'failed', detail: 'timeout: no answer before the time for all probes was over' }
    if (signal?.aborted && !isLlmError(error))
      throw new LlmError('aborted', 'The probe was aborted.', { cause: error })
    if (!isLlmError(error) || error.code === 'aborted') throw error
    const outcome = error.code === 'unsupported' ? 'no' : 'failed'
    return { outcome, detail: `${error.code}: ${error.message}` }
  }
}

function isOutOfTime(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && (signal.reason as Error | undefined)?.name === 'TimeoutError'
}
