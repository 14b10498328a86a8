// One process of the benchmark `shared`: calls through one shared counter in Redis for a while, many at once.
//   node .cache/shared-round.mjs URL CONTESTANT MILLISECONDS

import { type BackendEvent, type Capabilities, defineProvider } from '@patchbay/core'
import { budget, limit, redisState } from '@patchbay/policies'
import { createClient } from '@redis/client'
import { RateLimiterRedis } from 'rate-limiter-flexible'

export type Contestant = 'peer' | 'peer-call' | 'limit' | 'budget' | 'bare'

/** What a process did: its calls, its CPU time, and how long they took in milliseconds, from the 1st to the 100th percentile. */
export interface Round {
  calls: number
  /** Microseconds, of this process alone. */
  cpu: number
  times: number[]
}

// As many calls at once as a busy gateway process has.
const atOnce = 64

const [url = '', contestant = 'peer', duration = '2000'] = process.argv.slice(2)
const client = createClient({ url })
await client.connect()
const state = redisState(client)
// Far above what is called: this measures the counting.
const plenty = 1e12
/** A provider that answers at once. Not `mockProvider`, which keeps every request and so measures the memory of a test. */
const bare = () =>
  defineProvider(
    {
      provider: 'scripted',
      model: 'scripted-1',
      capabilities: () => capabilities,
      async *chat(): AsyncGenerator<BackendEvent> {
        yield { type: 'text', text: 'x' }
        yield {
          type: 'finish',
          response: { finishReason: 'stop', usage: { inputTokens: 1, outputTokens: 1 } },
        }
      },
    },
    { retry: false },
  )
const capabilities: Capabilities = {
  ...{ tools: true, vision: true, files: true, audio: true, json: true, reasoning: true, embed: false },
  maxOutput: 10,
}

function callOf(name: Contestant): () => Promise<unknown> {
  switch (name) {
    case 'bare': {
      const provider = bare()
      return () => provider.chat('x')
    }
    case 'limit': {
      const provider = limit(bare(), { state, requestsPerMinute: plenty, concurrency: 1e6 })
      return () => provider.chat('x')
    }
    case 'budget': {
      const prices = { 'scripted-1': { input: 1, output: 2 } }
      const provider = budget(bare(), { state, prices, limits: [{ per: 'day', usd: plenty }] })
      return () => provider.chat('x')
    }
    case 'peer':
    case 'peer-call': {
      const limiter = new RateLimiterRedis({
        storeClient: client,
        useRedisPackage: true,
        points: plenty,
        duration: 60,
        keyPrefix: 'peer',
      })
      const provider = bare()
      // One step before a call, one after it.
      return async () => {
        await limiter.consume('key', 2)
        if (name === 'peer-call') await provider.chat('x')
        await limiter.reward('key', 1)
      }
    }
  }
}

const call = callOf(contestant as Contestant)
const times: number[] = []
/** Calls one after the other until this time. */
async function caller(until: number): Promise<void> {
  for (let now = performance.now(); now < until; ) {
    await call()
    const then = performance.now()
    times.push(then - now)
    now = then
  }
}
const run = (ms: number) => {
  const until = performance.now() + ms
  return Promise.all(Array.from({ length: atOnce }, () => caller(until)))
}
// By calls, not by time: on a busy machine little would be compiled after a time. A fast one then goes on for a while.
while (times.length < 4000) await run(Number(duration) / 8)
times.length = 0
// All processes begin to be measured at the same time.
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))
const before = process.cpuUsage()
await run(Number(duration))
const { user, system } = process.cpuUsage(before)
times.sort((a, b) => a - b)
const shares = Array.from({ length: 100 }, (_, index) => (index + 1) / 100)
const round: Round = {
  calls: times.length,
  cpu: user + system,
  times: shares.map((share) => times[Math.ceil(share * times.length) - 1] as number),
}
process.stdout.write(`${JSON.stringify(round)}\n`)
client.destroy()
process.exit()
