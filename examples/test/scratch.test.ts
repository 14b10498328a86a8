import { claude } from '@patchbay/claude'
import { openai } from '@patchbay/openai'
import { ollama } from '@patchbay/ollama'
import { local } from '@patchbay/local'
import { connect } from '@patchbay/config'
import { generateObject, runTools, tool } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing/mock'
import { limit, cache, fallback, breaker, budget, hedge, loadBalance, trace, log } from '@patchbay/policies'
import { it } from 'vitest'
const odd = (v: unknown) => v as never
const llm = mockProvider({ answers: [...'abcdefghijklmnopqrstuvwxyz'] })
const t = tool({ name: 'a', input: { type: 'object' }, run: () => 'x' })
const doors: Record<string, (o: never) => unknown> = {
  chat: (o) => llm.chat('x', o),
  stream: (o) => llm.stream('x', o).response(),
  embed: (o) => llm.embed('x', o),
  models: (o) => llm.models(o),
  capabilities: (o) => llm.capabilities(o),
  runTools: (o) => runTools(llm, 'x', o).result(),
  generateObject: (o) => generateObject(llm, {}, 'x', o),
  limit: (o) => limit(llm, { concurrency: 3 }).chat('x', o),
  cache: (o) => cache(llm).chat('x', o),
  fallback: (o) => fallback([llm, llm]).chat('x', o),
  hedge: (o) => hedge([llm, llm], {delay: 1}).chat('x', o),
  loadBalance: (o) => loadBalance([llm, llm]).chat('x', o),
  breaker: (o) => breaker(llm).chat('x', o),
  trace: (o) => trace(llm).chat('x', o),
  log: (o) => log(llm, () => {}).chat('x', o),
  claude: (o) => claude('m', { apiKey: 'k', ...(o as object) }),
  openai: (o) => openai('m', { apiKey: 'k', ...(o as object) }),
  ollama: (o) => ollama('m', o),
  local: (o) => local('m.gguf', o),
  mock: (o) => mockProvider(o),
}
const opts = { t5s: { timeout: '5s' }, t5sp: { timeout: '5 s' }, neg: { timeout: -1 }, nan: { timeout: NaN }, first: { timeout: { first: '5s' } }, str: {timeout: '5000'}, nul: {timeout: null}, r3: { retry: '3' }, r3n: { retry: 3 }, rt: { retry: true }, rr: { retry: { retries: '3' } }, rneg: {retry: {retries: -1}} }
it('x', async () => {
  for (const [on, o] of Object.entries(opts)) for (const [d, f] of Object.entries(doors)) {
    const r = await (async () => f(odd(o)))().then(() => 'OK!!!', (e) => `${e.code} ${e.message}`)
    process.stdout.write(`${on} ${d}: ${r}\n`)
  }
  for (const b of ['5s', -1, NaN, '5000']) {
    const asks = () => mockProvider({ answers: [{ toolCalls: [{ name: 'a', input: {} }] }, 'x'] })
    const r = await runTools(asks(), { messages: 'x', tools: [t] }, { toolTimeout: odd(b) }).result().then((r) => 'OK!!!' + JSON.stringify(r.failures), (e) => `${e.code} ${e.message}`)
    const r2 = await runTools(asks(), { messages: 'x', tools: [{ ...t, timeout: odd(b) }] }).result().then((r) => 'OK!!!' + JSON.stringify(r.failures), (e) => `${e.code} ${e.message}`)
    process.stdout.write(`toolTimeout ${b}: ${r}\ntool.timeout ${b}: ${r2}\n`)
  }
})
