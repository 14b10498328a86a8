// Pools of model servers: the wait for the first token of second turns on two real llama-servers, by prefix against by turns.
// PATCHBAY_LLAMA_SERVER is the program, PATCHBAY_POOL_MODEL a GGUF file.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Provider } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { type LoadBalanceOptions, loadBalance } from '@patchbay/policies'
import { median, percentile, writeReport } from './report.js'

const rounds = 2
/** Conversations of a round. An odd number: by turns, the second turn of each goes to the other server. */
const conversations = 3
/** Words of the first message, some 200 tokens. */
const words = 150

const ways = {
  prefix: { by: 'prefix' },
  turns: { by: 'weighted' },
} as const satisfies Record<string, LoadBalanceOptions>
type Way = keyof typeof ways

/** Second turns of one way. */
export interface PoolFigures {
  /** Milliseconds to the first token. */
  firstMs: number[]
  /** Share of the prompt's tokens that were in the server's cache. */
  cached: number[]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** A server on one thread, with room for all conversations. */
async function start(program: string, model: string): Promise<{ child: ChildProcess; provider: Provider }> {
  const port = await freePort()
  const room = ['-c', String(conversations * 1024), '-np', String(conversations), '-t', '1', '-tb', '1']
  const args = ['-m', model, '--port', String(port), '--host', '127.0.0.1', ...room, '--no-webui']
  const child = spawn(program, args, { stdio: 'ignore' })
  const baseURL = `http://127.0.0.1:${port}/v1`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended with code ${child.exitCode}.`)
    const isUp = await fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return { child, provider: openai('m', { baseURL, apiKey: 'none', api: 'chat', retry: false }) }
}

/** A text that no other conversation begins with. */
function story(round: number, way: Way, number: number): string {
  const names = Array.from(
    { length: words },
    (_, at) => ['river', 'stone', 'lamp', 'wind'][(at * 7 + number) % 4],
  )
  return `Story ${round}-${way}-${number}: ${names.join(' ')}. What is it about?`
}

async function measure(program: string, model: string): Promise<Record<Way, PoolFigures>> {
  const figures = { prefix: empty(), turns: empty() }
  const servers = await Promise.all([start(program, model), start(program, model)])
  try {
    const pools = Object.entries(ways).map(([way, options]) => ({
      way: way as Way,
      llm: loadBalance(servers.map(({ provider }) => provider) as [Provider, Provider], {
        ...options,
        names: ['one', 'two'],
      }),
    }))
    for (let round = 0; round < rounds; round++)
      for (const { way, llm } of round % 2 === 0 ? pools : [...pools].reverse()) {
        const firsts = []
        for (let at = 0; at < conversations; at++) {
          const question = story(round, way, at)
          firsts.push({ question, answer: await llm.chat({ messages: question, maxOutputTokens: 8 }) })
        }
        for (const { question, answer } of firsts) {
          const messages = [question, answer.message, 'And how does it end?']
          for await (const event of llm.stream({ messages, maxOutputTokens: 4 })) {
            if (event.type !== 'finish') continue
            const { timing, usage } = event.response
            figures[way].firstMs.push(timing.firstTokenMs)
            figures[way].cached.push((usage.cachedInputTokens ?? 0) / (usage.inputTokens ?? 1))
          }
        }
      }
  } finally {
    for (const { child } of servers) child.kill()
  }
  return figures
}

const empty = (): PoolFigures => ({ firstMs: [], cached: [] })

const { PATCHBAY_LLAMA_SERVER: program, PATCHBAY_POOL_MODEL: model } = process.env
if (program === undefined || model === undefined)
  process.stdout.write(
    'Skipped: set PATCHBAY_LLAMA_SERVER to a llama-server and PATCHBAY_POOL_MODEL to a GGUF file.\n',
  )
else {
  const figures = await measure(program, model)
  const row = (way: Way) => {
    const { firstMs, cached } = figures[way]
    return `| by ${way} | ${median(firstMs).toFixed(0)} | ${percentile(firstMs, 0.9).toFixed(0)} | ${(100 * median(cached)).toFixed(0)} % |`
  }
  writeReport('pools', figures, [
    '| second turns | first token, median ms | p90 ms | of the prompt in the cache, median |',
    '|---|---|---|---|',
    row('prefix'),
    row('turns'),
  ])
}
