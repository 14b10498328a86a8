// Each example runs, and prints what it promises.
import { readdirSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { simulateAnthropic } from '../../packages/claude/test/server.js'
import { simulateOpenAI } from '../../packages/openai/test/server.js'
import { at, runProgram } from './run.js'

const promises: Record<string, string> = {
  'hello.ts': 'The capital of France is Paris.\n',
  'conversation.ts':
    'My name is Zoe. Nice to meet you, Zoe. (25 of 25 tokens were new)\n' +
    'What is my name? Your name is Zoe. (15 of 48 tokens were new)\n' +
    'What is the opposite of hot? The opposite of hot is cold. (18 of 72 tokens were new)\n',
  'many-callers.ts': "{ 'The capital of Peru is Lima.': 12, 'queue-full': 8 }\n",
  'chaos.ts':
    'yes  every one of 10000 calls ended, once\n' +
    'yes  every end is an answer or a typed error\n' +
    'yes  nothing was answered twice\n' +
    'yes  no answer was lost\n' +
    'yes  the budget of 250000 tokens was never exceeded\n' +
    'yes  nothing is still held back\n' +
    'yes  most were answered\n',
  'extract.ts': 'Zoe, 31, of Oslo\n',
  'tested-app.ts': 'all good\n',
  'weather-agent.ts':
    'get_weather { city: \'Lima\' } → {"temperature":19,"condition":"sunny"}\n' +
    'get_weather { city: \'Oslo\' } → {"temperature":4,"condition":"sunny"}\n' +
    'It is 19 degrees and sunny in Lima. It is 4 degrees and sunny in Oslo.\n(answer after 2 steps)\n',
  'team-gateway.ts':
    '  ann /v1/responses 200\nThe capital of Peru is Lima.\n' +
    '  ann /v1/messages 200\nThe capital of Italy is Rome.\n' +
    '  ann /v1/responses 200\nThe capital of Japan is Tokyo.\n' +
    '  bob /api/generate 200\n2 + 3 = 5.\n' +
    '  bob /api/generate 200\n  bob /api/generate 200\n  bob /api/generate 200\n' +
    '  bob /api/generate 429\nthe interns have spent their day\n' +
    'ann: 3 requests, 0 refused, 78 tokens\nbob: 5 requests, 1 refused, 96 tokens\n' +
    'failed: 1 with budget-exceeded\nsmall answers\n',
  'invoice.ts':
    '2026-117 of 2026-11-03: 698 EUR\n2 × Chair, oak at 149.5\n1 × Desk, birch at 399\nthe items add up\n',
  'retrieval.ts':
    'How long does delivery take? Two days, five outside of Europe.\n' +
    'Can I give back a bicycle I have bought? Yes, within 30 days.\n' +
    'Is the shop open on Saturday? No, from Monday to Saturday.\n',
  'moving.ts':
    'local, 4 messages: It is 21 degrees and sunny in Lima.\n' +
    'claude, 6 messages: The capital of France is Paris.\n' +
    'openai, 8 messages: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.\n',
}

it('every example makes a promise', () => {
  expect(readdirSync(at('src')).sort()).toEqual(Object.keys(promises).sort())
})

it.each(Object.entries(promises))('%s', async (name, output) => {
  // Those that ask a service ask one that plays its protocol.
  const servers = await Promise.all([simulateAnthropic(readInvoice), simulateOpenAI()])
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.close()))
  })
  const [{ url: anthropic }, { url: openAI }] = servers
  const env = {
    ...{ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: anthropic },
    ...{ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: openAI },
  }
  expect(await runProgram(at(`src/${name}`), env)).toBe(output)
})

/** Reads the lines of the example's own PDF, as a model that sees its page would: `name: value`. */
function readInvoice(pdf: Buffer): unknown {
  const lines = [...pdf.toString('latin1').matchAll(/\((\w+): (.*)\) Tj/g)].map(
    ([, name = '', value = '']) => ({
      name,
      value,
    }),
  )
  const items = lines
    .filter(({ name }) => name === 'item')
    .map(({ value }) => {
      const [name, count, price] = value.split('; ')
      return { name, count: Number(count), price: Number(price) }
    })
  const { number, date, total, currency } = Object.fromEntries(lines.map(({ name, value }) => [name, value]))
  return { number, date, items, total: Number(total), currency }
}
