// Judges requests: what the contract accepts becomes a request that the service takes, or one typed error before anything is sent.
// Checked with random conversations, whose first turn another provider has.
import { type AssistantMessage, isLlmError, type Message } from '@patchbay/core'
import fc from 'fast-check'
import type { ServiceName, StrictService } from '../../../packages/testing/src/services/index.js'
import { refusalsOf } from '../../../packages/testing/src/services/strict-service.js'
import { conversation } from './conversations.js'
import { findings } from './findings.js'
import { type open, targets } from './targets.js'

/** The providers, each with its service. */
export type Opened = Awaited<ReturnType<typeof open>>

/** What a target did with the conversations. */
export interface Verdict {
  /** Rules that its requests broke: the service's words, and the first request. */
  broken: Record<string, string>
  /** Errors in spite of `onUnsupported: 'warn'`. */
  unavoidable: string[]
  /** Requests to the target: one a conversation, and the first turns that it had itself. */
  asked: number
  /** Those that the service answered. */
  accepted: number
}

/** All rules that a request breaks, with the message of each. */
function brokenRules(service: ServiceName, { requests }: StrictService): [rule: string, message: string][] {
  const last = requests.at(-1)
  if (last === undefined) return []
  const { path, headers, json } = last
  return [...refusalsOf(service, { path, headers, body: json as object })].map(({ rule, message }) => [
    rule,
    `${message}\n${last.body.slice(0, 2000)}`,
  ])
}

/** The requests for an answer after the first ones: asking Ollama for a model's capabilities is none. */
const chatsSince = ({ requests }: StrictService, first: number) =>
  requests.slice(first).filter(({ path }) => path !== '/api/show')

/**
 * Sends random conversations to a target.
 * @throws for an error that is no LlmError, and for a refusal of ours after something was sent
 */
export async function judge(
  all: Opened,
  name: string,
  { seed, runs }: { seed: number; runs: number },
): Promise<Verdict> {
  const target = all.find((one) => one.name === name) as Opened[number]
  const service = (targets[name] as (typeof targets)[string]).service
  const broken = new Map<string, string>()
  const unavoidable = new Set<string>()
  let [asked, accepted] = [0, 0]
  const property = fc.asyncProperty(
    conversation,
    fc.nat(all.length - 1),
    fc.boolean(),
    async (request, from, streamed) => {
      const ask = async (at: Opened[number], messages: Message[]): Promise<AssistantMessage | undefined> => {
        if (at === target) asked++
        const [refused, sent] = [at.service.refused.length, at.service.requests.length]
        try {
          const given = { ...request, messages }
          const { message } = await (streamed
            ? at.provider.stream(given).response()
            : at.provider.chat(given))
          if (at === target) accepted++
          return message
        } catch (error) {
          if (!isLlmError(error)) throw error
          const isRefused = at.service.refused.length > refused
          if (at === target && isRefused)
            for (const [rule, message] of brokenRules(service, at.service))
              if (!broken.has(rule)) broken.set(rule, message)
          if (!isRefused && error.code === 'unsupported') {
            // A refusal that is no rule's comes before the wire.
            if (chatsSince(at.service, sent).length > 0)
              throw new Error(`${at.name} refused after it had sent: ${error.message}`)
            if (at === target && request.onUnsupported === 'warn') unavoidable.add(error.message)
          }
          return undefined
        }
      }
      const messages = request.messages as Message[]
      const answer = await ask(all[from] as Opened[number], messages)
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
  return { broken: Object.fromEntries(broken), unavoidable: [...unavoidable], asked, accepted }
}
