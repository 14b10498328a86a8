// Three providers that fail at random, ten thousand calls: nothing is lost, nothing is answered twice, and the budget holds.
import { type BackendEvent, defineProvider, isLlmError, LlmError, type Provider } from '@patchbay/core'
import { breaker, budget, fallback, limit, loadBalance, pipe } from '@patchbay/policies'

const calls = 10_000
const allowance = 250_000

// The same chaos every time.
let seed = 20261125
const random = () => {
  seed = (seed * 48271) % 2147483647
  return seed / 2147483647
}

/** How often each question was answered to its end, and what the services would write on their bills. */
const answered = new Map<string, number>()
let billed = 0

/** A service with bad days: it refuses, breaks off in the middle of a word, and answers too late. */
function unreliable(provider: string, failures: number): Provider {
  async function* chat(
    request: { messages: { content: { type: string }[] }[] },
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<BackendEvent> {
    const [part] = request.messages.at(-1)?.content ?? []
    const question = part !== undefined && 'text' in part ? String(part.text) : ''
    await new Promise((resolve) => setImmediate(resolve))
    const fate = random()
    if (fate < failures) throw new LlmError('overloaded', 'Too many requests.')
    if (fate < failures + 0.02) throw new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 5 })
    yield { type: 'text', text: 'answer to ' }
    if (fate < failures + 0.04) throw new LlmError('network', 'The connection broke.')
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    yield { type: 'text', text: question }
    answered.set(question, (answered.get(question) ?? 0) + 1)
    billed += 25
    yield { type: 'finish', response: { finishReason: 'stop', usage: { inputTokens: 5, outputTokens: 20 } } }
  }
  const unknown = 'unknown' as const
  const capabilities = {
    ...{ tools: unknown, vision: unknown, files: unknown, audio: unknown },
    ...{ json: unknown, reasoning: unknown, embed: unknown },
  }
  return defineProvider(
    { provider, model: 'flaky-1', capabilities: () => capabilities, chat },
    { retry: { retries: 1, baseDelay: 1, maxDelay: 2 }, random },
  )
}

const guarded = (provider: Provider) =>
  breaker(provider, { failures: 20, rate: 0.6, window: 1000, cooldown: 20 })
const [a, b, c] = [unreliable('a', 0.1), unreliable('b', 0.3), unreliable('c', 0.5)].map(guarded)
if (a === undefined || b === undefined || c === undefined) throw new Error('three are asked')
const balanced = fallback([loadBalance([a, b, c], { by: 'least-busy' }), a])
const counted = budget(balanced, { limits: [{ per: 'run', tokens: allowance }] })
const llm = pipe(counted, limit({ concurrency: 50, queue: calls, maxWait: 600_000 }))

let most = 0
const outcomes: Record<string, number> = {}
await Promise.all(
  Array.from({ length: calls }, async (_, index) => {
    const outcome = await ask(index)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (index % 100 !== 7) return
    const [spending] = await counted.spending()
    most = Math.max(most, (spending?.spent.tokens ?? 0) + (spending?.reserved.tokens ?? 0))
  }),
)

/** What became of one question; some lose patience. */
async function ask(index: number): Promise<string> {
  const question = `question ${index}`
  const stream = llm.stream({ messages: question, maxOutputTokens: 20 })
  if (index % 50 === 0) setImmediate(() => stream.abort())
  try {
    let text = ''
    for await (const delta of stream.text) text += delta
    const { finishReason } = await stream.response()
    return text === `answer to ${question}` && finishReason === 'stop' ? 'answered' : 'a wrong answer'
  } catch (error) {
    return isLlmError(error) ? error.code : 'a bug'
  }
}

const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
const [{ spent, reserved } = { spent: { tokens: 0 }, reserved: { tokens: 0 } }] = await counted.spending()
await llm.close()

const check = (what: string, holds: boolean) => console.log(`${holds ? 'yes' : 'NO '}  ${what}`)
check(`every one of ${calls} calls ended, once`, ended === calls)
check(
  'every end is an answer or a typed error',
  outcomes['a bug'] === undefined && outcomes['a wrong answer'] === undefined,
)
check(
  'nothing was answered twice',
  [...answered.values()].every((times) => times === 1),
)
check('no answer was lost', answered.size >= (outcomes.answered ?? 0))
check(
  `the budget of ${allowance} tokens was never exceeded`,
  Math.max(most, spent.tokens, billed) <= allowance,
)
check('nothing is still held back', reserved.tokens === 0)
check('most were answered', (outcomes.answered ?? 0) > calls * 0.6)
if (process.argv.includes('--figures')) console.log(outcomes, { spent, most, billed })
