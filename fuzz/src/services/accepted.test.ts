// Requests that the contract accepts are accepted by services: random conversations, handed over between all targets, become requests that the
// strict service takes, or one typed error before anything is sent.
import { type AssistantMessage, isLlmError, type Message } from '@patchbay/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type {
  ReceivedRequest,
  ServiceName,
  StrictService,
} from '../../../packages/testing/src/services/index.js'
import { refusalsOf } from '../../../packages/testing/src/services/strict-service.js'
import { conversation } from './conversations.js'
import { findings } from './findings.js'
import { open, type Target, targets } from './targets.js'

/** All rules that a request breaks, with the message of each. */
function brokenRules(service: ServiceName, { path, headers, json }: ReceivedRequest): [string, string][] {
  return [...refusalsOf(service, { path, headers, body: json as object })].map(({ rule, message }) => [
    rule,
    message,
  ])
}

/** The requests for an answer after the first ones: asking Ollama for a model's capabilities is none. */
const chatsSince = ({ requests }: StrictService, first: number) =>
  requests.slice(first).filter(({ path }) => path !== '/api/show')

const runs = Number(process.env.PATCHBAY_LAW_RUNS ?? 60)
const seed = Number(process.env.PATCHBAY_LAW_SEED ?? 1)
let all: Awaited<ReturnType<typeof open>>
beforeAll(async () => {
  all = await open(runs > 1000)
})
afterAll(() => Promise.all(all.flatMap(({ provider, service }) => [provider.close(), service.close()])))

it.each(Object.keys(targets))(`%s accepts it, or refuses it before the wire (seed ${seed})`, async (name) => {
  const target = all.find((one) => one.name === name) as (typeof all)[number]
  const found = new Map<string, string>()
  const unavoidable = new Set<string>()
  const property = fc.asyncProperty(
    conversation,
    fc.nat(all.length - 1),
    fc.boolean(),
    async (request, from, streamed) => {
      const ask = async (
        at: (typeof all)[number],
        messages: Message[],
      ): Promise<AssistantMessage | undefined> => {
        const [refused, sent] = [at.service.refused.length, at.service.requests.length]
        try {
          const given = { ...request, messages }
          const { message } = await (streamed
            ? at.provider.stream(given).response()
            : at.provider.chat(given))
          return message
        } catch (error) {
          if (!isLlmError(error)) throw error
          const refusal = at.service.refused[refused]
          const received = at.service.requests.at(-1)
          if (at === target && refusal !== undefined && received !== undefined)
            for (const [rule, message] of brokenRules((targets[name] as Target).service, received))
              if (!found.has(rule)) found.set(rule, `${message}\n${received.body.slice(0, 2000)}`)
          // A refusal that is no rule's comes before the wire.
          if (refusal === undefined && error.code === 'unsupported') {
            expect(chatsSince(at.service, sent)).toEqual([])
            if (at === target && request.onUnsupported === 'warn') unavoidable.add(error.message)
          }
          return undefined
        }
      }
      const messages = request.messages as Message[]
      const answer = await ask(all[from] as (typeof all)[number], messages)
      // The second turn, at the target, with the state that the first provider decoded.
      const results = (answer?.content ?? []).flatMap((part) =>
        part.type === 'tool-call' ? [{ type: 'tool-result' as const, id: part.id, output: 'Seen.' }] : [],
      )
      const next: Message =
        results.length > 0 ? { role: 'tool', content: results } : { role: 'user', content: 'And now?' }
      await ask(target, answer === undefined ? messages : [...messages, answer, next])
    },
  )
  await fc.assert(property, { seed, numRuns: runs + findings.length, examples: findings })
  expect(Object.fromEntries(found)).toEqual({})
  // With onUnsupported: 'warn', an error only where nothing can be left out: there is no such thing in these requests.
  expect([...unavoidable]).toEqual([])
  // A law that only ever saw refusals before the wire has seen nothing.
  expect(target.service.requests.length).toBeGreaterThan(runs / 20)
})
