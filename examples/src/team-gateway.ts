// A gateway for a team: two keys made at run time, one of a team with a daily budget, an alias, three official clients that know
// nothing of it, an answer that outlives a lost connection, a key that is rotated, and what each has used.
//   node scripts/run-ts.mjs examples/src/team-gateway.ts
import Anthropic from '@anthropic-ai/sdk'
import { loadConfig } from '@patchbay/config'
import { serve } from '@patchbay/gateway'
import { Ollama } from 'ollama'
import OpenAI from 'openai'

process.env.PATCHBAY_ADMIN_KEY ??= crypto.randomUUID()
const config = {
  default: 'small',
  providers: { small: 'local' },
  // A file or Postgres where it is to last: sqlite:gateway.db.
  gateway: { database: 'sqlite::memory:', aliases: { 'gpt-4o-mini': 'small' } },
}
let count = 0
const gateway = await serve({
  loaded: await loadConfig({ config, user: false }),
  port: 0,
  onRequest: ({ key, method, path, status }) => {
    if (path.startsWith('/admin') || method === 'GET') return
    count++
    console.log(`  ${key} ${path} ${status}`)
  },
})

async function admin<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${gateway.url}/admin${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${process.env.PATCHBAY_ADMIN_KEY}`,
      'content-type': 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Answer
}
await admin('/teams', { name: 'interns', budget: [{ per: 'day', tokens: 200 }] })
const ann = await admin<{ key: string }>('/keys', { name: 'ann' })
const bob = await admin<{ key: string }>('/keys', { name: 'bob', team: 'interns' })

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

// The key is replaced. The old one stays valid for a minute, so that whoever has it can change to the new one.
const rotated = await admin<{ key: string }>('/keys/ann/rotate', { overlap: 60_000 })
const renewed = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: rotated.key })

// An answer that goes on without its client: the connection is lost after the first word, and taken up again with the new key.
const request = {
  model: 'small',
  input: 'What is the capital of Japan?',
  background: true,
  stream: true,
} as const
let [id, last, text] = ['', -1, '']
for await (const event of await openai.responses.create(request)) {
  last = event.sequence_number
  if (event.type === 'response.created') id = event.response.id
  if (event.type !== 'response.output_text.delta') continue
  text += event.delta
  break
}
for await (const event of await renewed.responses.retrieve(id, { stream: true, starting_after: last }))
  if (event.type === 'response.output_text.delta') text += event.delta
console.log(text)

const ollama = new Ollama({ host: gateway.url, headers: { authorization: `Bearer ${bob.key}` } })
const ask = () =>
  ollama.generate({ model: 'small', prompt: 'What is 2 plus 3?', options: { num_predict: 100 } })
console.log((await ask()).response)
try {
  // The second may go over what is left of the day.
  for (;;) await ask()
} catch (error) {
  console.log(
    error instanceof Error && error.message.includes('budget') ? 'the interns have spent their day' : error,
  )
}

interface Spend {
  data: { key: string; requests: number; errors: number; inputTokens: number; outputTokens: number }[]
}
let spend: Spend
do {
  spend = await admin<Spend>('/spend?by=key')
  // What is counted is written twice a second.
} while (spend.data.reduce((sum, { requests }) => sum + requests, 0) < count)
for (const { key, requests, errors, inputTokens, outputTokens } of spend.data)
  console.log(`${key}: ${requests} requests, ${errors} refused, ${inputTokens + outputTokens} tokens`)
const { data: errors } = await admin<{ data: { error: string; requests: number }[] }>('/errors')
for (const { error, requests } of errors) console.log(`failed: ${requests} with ${error}`)
const { data: health } = await admin<{ data: { name: string; ok: boolean }[] }>('/health')
for (const { name, ok } of health) console.log(`${name} ${ok ? 'answers' : 'does not answer'}`)
await gateway.close()
