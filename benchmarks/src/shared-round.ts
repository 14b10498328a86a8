// One process of the benchmark `shared`: calls through one shared counter in Redis for a while, many at once.
//   node .cache/shared-round.mjs URL CONTESTANT MILLISECONDS

import { budget, limit, redisState } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing/mock'
import { createClient } from '@redis/client'
import { RateLimiterRedis } from 'rate-limiter-flexible'

export type Contestant = 'peer' | 'limit' | 'budget' | 'mock'

/** What a process did: its calls, and how long they took in milliseconds, from the 1st to the 100th percentile. */
export interface Round {
  calls: number
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
const mock = () => mockProvider({ retry: false, capabilities: { maxOutput: 10 } })

function callOf(name: Contestant): () => Promise<unknown> {
  switch (name) {
    case 'mock': {
      const provider = mock()
      return () => provider.chat('x')
    }
    case 'limit': {
      const provider = limit(mock(), { state, requestsPerMinute: plenty, concurrency: 1e6 })
      return () => provider.chat('x')
    }
    case 'budget': {
      const prices = { 'mock-1': { input: 1, output: 2 } }
      const provider = budget(mock(), { state, prices, limits: [{ per: 'day', usd: plenty }] })
      return () => provider.chat('x')
    }
    case 'peer': {
      const limiter = new RateLimiterRedis({
        storeClient: client,
        useRedisPackage: true,
        points: plenty,
        duration: 60,
        keyPrefix: 'peer',
      })
      // One step before a call, one after it.
      return async () => {
        await limiter.consume('key', 2)
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
await run(Number(duration) / 4)
times.length = 0
// All processes begin to be measured at the same time.
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))
await run(Number(duration))
times.sort((a, b) => a - b)
const shares = Array.from({ length: 100 }, (_, index) => (index + 1) / 100)
const round: Round = {
  calls: times.length,
  times: shares.map((share) => times[Math.ceil(share * times.length) - 1] as number),
}
process.stdout.write(`${JSON.stringify(round)}\n`)
client.destroy()
process.exit()
