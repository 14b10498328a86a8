// No request of at most 20 MiB keeps others waiting: not while it is read, and not while its answer is written.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Capabilities, defineProvider } from '@patchbay/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hostile } from '../test/hostile.js'
import { over } from '../test/served.js'
import type { Served } from './index.js'

/** It says what it is told to, and looks at nothing: what is measured is the gateway. */
let says = 'ok'
const quick = () =>
  defineProvider({
    provider: 'quick',
    model: 'quick-1',
    capabilities: () =>
      ({ tools: true, vision: true, files: true, audio: true, json: true, embed: true }) as Capabilities,
    async *chat() {
      yield { type: 'text', text: says }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
    async embed({ input }) {
      return {
        vectors: input.map(() => new Float32Array(1536).fill(0.123)),
        usage: {},
        model: 'quick-1',
        provider: 'quick',
      }
    },
  })

let gateway: Served
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-hostile-'))
  gateway = await over(quick)
  // The thread is there.
  await posted('/v1/embeddings', JSON.stringify({ input: Array(300).fill('x') }))
})
afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true })
})

// In a process of its own: what a client does must not count as the gateway's.
const client = `
  const body = require('fs').readFileSync(process.argv[1])
  const request = require('http').request(process.argv[2], { method: 'POST', headers: { 'content-length': body.length } }, (response) => {
    let bytes = 0
    response.on('data', (chunk) => { bytes += chunk.length })
    response.on('end', () => { console.log(response.statusCode, bytes); process.exit() })
  })
  request.on('error', (error) => { console.log(String(error)); process.exit() })
  request.end(body)`

/**
 * Milliseconds of the processor that the thread of the event loop has had: a busy machine does not count, nor does the thread
 * that reads JSON, nor what the collector of garbage does beside. Only Linux tells; elsewhere it is that of all threads.
 */
function used(): number {
  if (perThread) return Number(readFileSync(schedule, 'utf8').split(' ')[0]) / 1_000_000
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const schedule = '/proc/thread-self/schedstat'
const perThread = existsSync(schedule)

/** What a client is told, and the longest time of the processor that passed between two turns of the event loop. */
async function posted(path: string, body: string): Promise<{ told: string; longest: number; turns: number }> {
  const file = join(folder, 'body')
  await writeFile(file, body)
  const child = spawn(process.execPath, ['-e', client, file, gateway.url + path])
  // From here on: to start a process takes this one its time too.
  let [last, longest, turns] = [used(), 0, 0]
  const timer = setInterval(() => {
    const now = used()
    longest = Math.max(longest, now - last)
    last = now
    turns++
  }, 1)
  let told = ''
  child.stdout.on('data', (chunk) => {
    told += chunk
  })
  await new Promise((resolve) => child.once('close', resolve))
  clearInterval(timer)
  return { told: told.trim(), longest, turns }
}

// 50 ms are meant. Measured on two busy cores, the worst were 75 ms: the collector of garbage stops the loop too, after texts of
// 20 MiB, and long lists (2,000 vectors, 12,000 messages, 40,000 keys) are made into ours in one turn.
const mostMs = perThread ? 100 : 250

it.each(Object.entries(hostile))('%s', async (_, [path, body]) => {
  const { told, longest, turns } = await posted(path, body())
  expect(told).toMatch(/^(200|400) \d+$/)
  expect(turns).toBeGreaterThan(0)
  expect(longest).toBeLessThan(mostMs)
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }],
  ['/v1/responses', { input: 'x' }],
  ['/api/chat', { messages: [{ role: 'user', content: 'x' }], stream: false }],
])('an answer of 20 MiB, whole: %s', async (path, body) => {
  says = '"long" '.repeat(3 * 1024 * 1024)
  const { told, longest } = await posted(path, JSON.stringify(body))
  says = 'ok'
  const [status, bytes] = told.split(' ').map(Number)
  expect(status).toBe(200)
  expect(bytes).toBeGreaterThan(20 * 1024 * 1024)
  expect(longest).toBeLessThan(mostMs)
})

it.each(['float', 'base64'])('two thousand vectors as %s', async (encoding_format) => {
  const body = { input: Array.from({ length: 2000 }, () => 'x'), encoding_format }
  const { told, longest } = await posted('/v1/embeddings', JSON.stringify(body))
  expect(told).toMatch(/^200 /)
  expect(longest).toBeLessThan(mostMs)
})

it('others are answered while a large body is read', async () => {
  let healthy = 0
  let done = false
  const asking = (async () => {
    while (!done) {
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
      healthy++
    }
  })()
  const [path, body] = hostile['one string of quotes'] as [string, () => string]
  const { told } = await posted(path, body())
  done = true
  await asking
  expect(told).toMatch(/^200 /)
  expect(healthy).toBeGreaterThan(5)
})
