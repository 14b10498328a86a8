// A server under attack: malformed HTTP, resets at any moment, upstreams that break. Then it serves as before, and nothing
// of what callers sent is left.
import { connect } from 'node:net'
import { type Capabilities, defineProvider } from '@patchbay/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { over } from '../../test/served.js'
import type { Served, VisitRecord } from '../index.js'

const records: VisitRecord[] = []
let running = 0
/** It says much, waits, and breaks, as the request says. */
const odd = () =>
  defineProvider({
    provider: 'odd',
    model: 'odd-1',
    capabilities: () => ({ tools: true }) as Capabilities,
    async *chat({ messages }, { signal }) {
      running++
      try {
        const [part] = messages.at(-1)?.content ?? []
        const how = part?.type === 'text' ? part.text : ''
        if (how === 'throw') throw new TypeError('a bug')
        for (let at = 0; at < 20; at++) {
          yield { type: 'text', text: 'word '.repeat(100) }
          if (how === 'break' && at === 5) throw new Error('cut')
          if (how === 'wait') {
            await new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => resolve(), { once: true })
              setTimeout(resolve, 5)
            })
            if (signal.aborted) return
          }
        }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      } finally {
        running--
      }
    },
  })

let gateway: Served
beforeAll(async () => {
  // What is half sent waits for the rest to the end.
  gateway = await over(odd, { onRequest: (record) => records.push(record), arrival: 2000, drain: 1 })
})
afterAll(() => gateway.close())

/** Sends these bytes and hangs up, politely or not, after so many of the answer's bytes. */
function attack(bytes: Buffer, readBytes: number, rudely: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let read = 0
    const leave = () => (rudely ? socket.resetAndDestroy() : socket.destroy())
    socket.on('connect', () => {
      socket.write(bytes)
      if (readBytes === 0) setImmediate(leave)
    })
    socket.on('data', (chunk) => {
      read += chunk.length
      if (read >= readBytes) leave()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

const bodies: [path: string, body: (how: string, stream: boolean) => object][] = [
  ['/v1/chat/completions', (content, stream) => ({ stream, messages: [{ role: 'user', content }] })],
  ['/v1/responses', (input, stream) => ({ stream, input })],
  ['/v1/messages', (content, stream) => ({ stream, max_tokens: 9, messages: [{ role: 'user', content }] })],
  ['/api/chat', (content, stream) => ({ stream, messages: [{ role: 'user', content }] })],
  ['/api/generate', (prompt, stream) => ({ stream, prompt })],
]

const request = fc
  .record({
    at: fc.nat(bodies.length - 1),
    how: fc.constantFrom('', 'throw', 'break', 'wait'),
    stream: fc.boolean(),
    header: fc.constantFrom(
      '',
      'Content-Length: 5\r\n',
      'X: \u0001\r\n',
      ': x\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Expect: 100-continue\r\n',
      'Upgrade: h2c\r\nConnection: Upgrade\r\n',
    ),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    whole: fc.boolean(),
    flip: fc.option(fc.nat(400)),
  })
  .map(({ at, how, stream, header, cut, whole, flip }) => {
    const [path, body] = bodies[at] as (typeof bodies)[number]
    const json = JSON.stringify(body(how, stream))
    const bytes = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}Content-Length: ${json.length}\r\n\r\n${json}`,
    )
    if (flip !== null && flip < bytes.length) bytes[flip] = 0xff
    return whole ? bytes : bytes.subarray(0, Math.floor(cut * bytes.length))
  })

it('malformed requests and resets at any moment end nothing but themselves', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onRejection)
  onTestFinished(() => {
    process.off('unhandledRejection', onRejection)
    process.off('uncaughtException', onRejection)
    told.mockRestore()
  })
  const one = fc.tuple(request, fc.constantFrom(0, 1, 200, 3000, 100_000), fc.boolean())
  const attacks = fc.sample(one, { numRuns: 600, seed: 1 })
  for (let at = 0; at < attacks.length; at += 100)
    await Promise.all(
      attacks
        .slice(at, at + 100)
        .map(([bytes, read, rudely]) => Promise.race([attack(bytes, read, rudely), gone(300)])),
    )
  await expect.poll(() => running, { timeout: 10_000 }).toBe(0)
  expect(rejections).toEqual([])
  expect(told.mock.calls.flat().filter((line) => /report this/.test(String(line)))).toEqual([])
  for (const [path, body] of bodies) {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body('Hi', false)),
    })
    expect([path, response.status]).toEqual([path, 200])
    expect(await response.text()).toContain('word word')
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  // This one.
  await expect
    .poll(
      async () =>
        (await (await fetch(`${gateway.url}/metrics`)).text()).match(/patchbay_requests_running (\d+)/)?.[1],
      // What is half sent runs until `arrival`.
      { timeout: 30_000 },
    )
    .toBe('1')
  expect(metrics).toContain('patchbay_requests_total')
  expect(records.length).toBeGreaterThan(100)
})

it('nothing grows with what callers make up: paths, methods, models, keys, users, ids', async () => {
  const ask = async (n: number) => {
    for (let at = 0; at < n; at++) {
      const body = JSON.stringify({
        model: `made-up-${n}-${at}`,
        user: `user-${n}-${at}`,
        metadata: { key: `key-${n}-${at}` },
        messages: [{ role: 'user', content: 'throw' }],
      })
      const headers = {
        authorization: `Bearer ${n}-${at}`,
        'x-request-id': `${n}-${at}`,
        traceparent: `00-${at}-1-01`,
      }
      await Promise.all([
        fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, headers }),
        fetch(`${gateway.url}/made/up/${n}/${at}`),
        fetch(`${gateway.url}/v1/models/made-up-${at}`),
        fetch(`${gateway.url}/v1/responses/resp_${at}`),
      ])
    }
  }
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const series = async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
  }
  await ask(25)
  await series()
  const few = await series()
  await ask(100)
  expect(await series()).toBe(few)
  log.mockRestore()
})

function gone(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
