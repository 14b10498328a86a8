// A gateway for a team: two keys, one with a daily budget, an alias, and three official clients that know nothing of it.
//   node scripts/run-ts.mjs examples/src/team-gateway.ts
import Anthropic from '@anthropic-ai/sdk'
import { loadConfig } from '@patchbay/config'
import { newKey, serve } from '@patchbay/gateway'
import { Ollama } from 'ollama'
import OpenAI from 'openai'

const ann = newKey()
const bob = newKey()
const config = {
  default: 'small',
  providers: { small: 'local' },
  gateway: {
    keys: {
      ann: { hash: ann.hash },
      bob: { hash: bob.hash, budget: [{ per: 'day' as const, tokens: 200 }] },
    },
    aliases: { 'gpt-4o-mini': 'small' },
  },
}
const gateway = await serve({
  loaded: await loadConfig({ config, user: false }),
  port: 0,
  onRequest: ({ key, path, status }) => console.log(`  ${key} ${path} ${status}`),
})

const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: ann.key })
const answer = await openai.responses.create({ model: 'gpt-4o-mini', input: 'What is the capital of Peru?' })
console.log(answer.output_text)

const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: ann.key })
const message = await anthropic.messages.create({
  model: 'small',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'What is the capital of Italy?' }],
})
for (const block of message.content) if (block.type === 'text') console.log(block.text)

const ollama = new Ollama({ host: gateway.url, headers: { authorization: `Bearer ${bob.key}` } })
const ask = () =>
  ollama.generate({ model: 'small', prompt: 'What is 2 plus 3?', options: { num_predict: 100 } })
console.log((await ask()).response)
try {
  // The second may go over what is left of the day.
  for (;;) await ask()
} catch (error) {
  console.log(error instanceof Error && error.message.includes('budget') ? 'bob has spent his day' : error)
}
await gateway.close()
