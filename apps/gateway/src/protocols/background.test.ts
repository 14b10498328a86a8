// Answers in the background, with OpenAI's own client: started, read, followed from any event on, cancelled, and kept apart by key.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import OpenAI from 'openai'
import { expect, it, onTestFinished } from 'vitest'
import { puppet } from '../../test/puppet.js'
import { type GatewayServer, newKey, type RequestRecord, serve } from '../index.js'

async function world({ keys, shared }: { keys?: object; shared?: string } = {}) {
  const model = puppet()
  const records: RequestRecord[] = []
  const loaded = await loadConfig({
    config: { gateway: { drain: 100, ...(keys && { keys }) } as never, ...(shared && { shared }) },
    user: false,
  })
  const start = () =>
    serve({ loaded, otherwise: model.provider, port: 0, onRequest: (record) => void records.push(record) })
  const gateway = await start()
  onTestFinished(() => gateway.close())
  return { ...model, gateway, start, records }
}

const clientOf = ({ url }: Pick<GatewayServer, 'url'>, apiKey = 'k') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const ask = { model: 'default', input: 'Hi', background: true } as const
const ended = async (client: OpenAI, id: string) =>
  expect.poll(async () => (await client.responses.retrieve(id)).status).not.toMatch(/queued|in_progress/)
const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

it('is queued at once, in progress while it is made, and completed; its usage is recorded once', async () => {
  const { gateway, say, records, calls } = await world()
  const client = clientOf(gateway)
  const { id, status, background, output } = await client.responses.create(ask)
  expect({ status, background, output }).toEqual({ status: 'queued', background: true, output: [] })
  await expect.poll(() => calls.length).toBe(1)
  say('Hello')
  await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('in_progress')
  say(' there')
  say()
  await ended(client, id)
  const response = await client.responses.retrieve(id)
  expect(response).toMatchObject({ status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } })
  expect(response.output_text).toBe('Hello there')
  const own = records.filter(({ method, path }) => method === 'POST' && path === '/v1/responses')
  expect(own).toMatchObject([{ status: 200, usage: { inputTokens: 3, outputTokens: 2 } }])
  // The conversation goes on from it.
  const next = client.responses.create({ model: 'default', input: 'More', previous_response_id: id })
  await expect.poll(() => calls.length).toBe(2)
  say('Yes')
  say()
  expect((await next).output_text).toBe('Yes')
})

it('a client that lost its connection reads on from where it was, with every event once', async () => {
  const { gateway, say, calls } = await world()
  const client = clientOf(gateway)
  const stream = await client.responses.create({ ...ask, stream: true })
  const seen: OpenAI.Responses.ResponseStreamEvent[] = []
  let id = ''
  for await (const event of stream) {
    seen.push(event)
    if (event.type === 'response.created') id = event.response.id
    if (event.type === 'response.queued')
      void expect
        .poll(() => calls.length)
        .toBe(1)
        .then(() => say('Hello'))
    // It goes away here; the answer does not.
    if (event.type === 'response.output_text.delta') break
  }
  expect(calls.map(({ aborted }) => aborted)).toEqual([false])
  say(' there')
  say()
  const rest = await client.responses.retrieve(id, {
    stream: true,
    starting_after: seen.at(-1)?.sequence_number ?? -1,
  })
  for await (const event of rest) seen.push(event)
  expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, index) => index))
  expect(seen.slice(0, 3).map(({ type }) => type)).toEqual([
    'response.created',
    'response.queued',
    'response.in_progress',
  ])
  expect(seen.at(-1)).toMatchObject({
    type: 'response.completed',
    response: { status: 'completed', output: [{ content: [{ text: 'Hello there' }] }] },
  })
  // All of it again, after the end.
  const again = await client.responses.retrieve(id, { stream: true })
  let count = 0
  for await (const _ of again) count++
  expect(count).toBe(seen.length)
})

it('is cancelled by its client: the call ends, what had come stays, and twice is once', async () => {
  const { gateway, say, calls, records } = await world()
  const client = clientOf(gateway)
  const { id } = await client.responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  say('Hel')
  await expect.poll(async () => (await client.responses.retrieve(id)).output.length).toBe(1)
  for (const response of [await client.responses.cancel(id), await client.responses.cancel(id)])
    expect(response).toMatchObject({ status: 'cancelled', output: [{ content: [{ text: 'Hel' }] }] })
  expect(calls[0]?.aborted).toBe(true)
  expect(records.filter(({ status }) => status === 499)).toHaveLength(1)
})

it('that fails says why', async () => {
  const { gateway, say, calls } = await world()
  const client = clientOf(gateway)
  const { id } = await client.responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  say('BREAK')
  await ended(client, id)
  expect(await client.responses.retrieve(id)).toMatchObject({
    status: 'failed',
    error: { code: 'network', message: expect.stringContaining('Try again later') },
  })
})

it('belongs to the key that made it: another one neither reads, follows, cancels nor deletes it', async () => {
  const keys = { a: newKey(), b: newKey() }
  const { gateway, say, calls } = await world({
    keys: { a: { hash: keys.a.hash }, b: { hash: keys.b.hash } },
  })
  const [a, b] = [clientOf(gateway, keys.a.key), clientOf(gateway, keys.b.key)]
  const { id } = await a.responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  for (const attempt of [
    b.responses.retrieve(id),
    b.responses.retrieve(id, { stream: true }),
    b.responses.cancel(id),
    b.responses.delete(id),
    b.responses.create({ ...ask, previous_response_id: id }),
  ])
    expect(await failed(attempt)).toMatchObject({ status: 404 })
  expect(calls[0]?.aborted).toBe(false)
  expect(await failed(a.responses.create({ ...ask, previous_response_id: id }))).toMatchObject({
    status: 400,
  })
  await a.responses.delete(id)
  expect(calls[0]?.aborted).toBe(true)
  expect(await failed(a.responses.retrieve(id))).toMatchObject({ status: 404 })
  say()
})

it.each([
  '-1',
  '1e3',
  'x',
  '9'.repeat(400),
  '../../etc',
])('a number of an event that is none is refused: %s', async (after) => {
  const { gateway, say } = await world()
  const { id } = await clientOf(gateway).responses.create(ask)
  const response = await fetch(
    `${gateway.url}/v1/responses/${id}?stream=true&starting_after=${encodeURIComponent(after)}`,
  )
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('starting_after')
  say()
})

it('a client that disconnects leaves it as it is, also where reasoning was asked for', async () => {
  const { gateway, say, calls, records } = await world()
  const client = clientOf(gateway)
  const stream = await client.responses.create({ ...ask, stream: true, reasoning: { effort: 'low' } })
  let id = ''
  for await (const event of stream)
    if (event.type === 'response.created') {
      id = event.response.id
      break
    }
  await expect.poll(() => calls.length).toBe(1)
  say('Hello')
  say()
  await ended(client, id)
  expect(await client.responses.retrieve(id)).toMatchObject({ status: 'completed' })
  expect(records.filter(({ status }) => status === 499)).toEqual([])
})

it('a stream that goes on begins at once, and an event that is not there yet is told', async () => {
  const { gateway, say, calls } = await world()
  const { id } = await clientOf(gateway).responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  const url = `${gateway.url}/v1/responses/${id}?stream=true&starting_after=`
  // Nothing has been said: only the headers come.
  const response = await fetch(`${url}1`)
  expect(response.status).toBe(200)
  expect(response.headers.get('x-request-id')).toMatch(/\w/)
  await response.body?.cancel()
  expect((await fetch(`${url}2`)).status).toBe(400)
  say()
})

it('more than a hundred of one key are refused; each refusal ends its record', async () => {
  const { gateway, records } = await world()
  const client = clientOf(gateway)
  for (let at = 0; at < 100; at++) await client.responses.create(ask)
  expect(await failed(client.responses.create(ask))).toMatchObject({ status: 429 })
  expect(records).toMatchObject([{ status: 429, error: 'rate-limited' }])
})

/** Two gateways that share a folder. */
async function twoInstances() {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-background-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { start, ...one } = await world({ shared: folder })
  const other = await start()
  onTestFinished(() => other.close())
  return { ...one, start, other }
}

it('another instance reads and cancels it', async () => {
  const { gateway, other, calls, say } = await twoInstances()
  const { id } = await clientOf(gateway).responses.create(ask)
  const there = clientOf(other)
  await expect.poll(() => calls.length).toBe(1)
  say('Hel')
  await expect.poll(async () => (await there.responses.retrieve(id)).status).toBe('in_progress')
  expect((await there.responses.cancel(id)).status).toBe('cancelled')
  await expect.poll(() => calls[0]?.aborted).toBe(true)
  await expect.poll(async () => (await there.responses.retrieve(id)).status).toBe('cancelled')
})

it('a client that lost its connection reads on at another instance, with every event once', async () => {
  const { gateway, other, calls, say } = await twoInstances()
  const stream = await clientOf(gateway).responses.create({ ...ask, stream: true })
  const seen: OpenAI.Responses.ResponseStreamEvent[] = []
  let id = ''
  for await (const event of stream) {
    seen.push(event)
    if (event.type === 'response.created') id = event.response.id
    if (event.type === 'response.queued')
      void expect
        .poll(() => calls.length)
        .toBe(1)
        .then(() => say('Hello'))
    if (event.type === 'response.output_text.delta') break
  }
  const rest = await clientOf(other).responses.retrieve(id, {
    stream: true,
    starting_after: seen.at(-1)?.sequence_number ?? -1,
  })
  say(' there')
  for await (const event of rest) {
    seen.push(event)
    // It is followed while it is made, not after its end.
    if (event.type === 'response.output_text.delta') say()
  }
  expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, index) => index))
  expect(seen.at(-1)).toMatchObject({
    type: 'response.completed',
    response: { status: 'completed', output: [{ content: [{ text: 'Hello there' }] }] },
  })
  expect(calls.map(({ aborted }) => aborted)).toEqual([false])
  // The instance that made it is gone: its events can still be read.
  await gateway.close()
  const again = await clientOf(other).responses.retrieve(id, { stream: true })
  const numbers: number[] = []
  for await (const { sequence_number } of again) numbers.push(sequence_number)
  expect(numbers).toEqual(seen.map((_, index) => index))
  // What is deleted is gone with its events.
  await clientOf(other).responses.delete(id)
  expect(await failed(clientOf(other).responses.retrieve(id, { stream: true }))).toMatchObject({
    status: 404,
  })
})

it('a reader at another instance is told when the answer is cancelled, and which number has not come', async () => {
  const { gateway, other, calls, say } = await twoInstances()
  const { id } = await clientOf(gateway).responses.create(ask)
  const there = clientOf(other)
  await expect.poll(() => calls.length).toBe(1)
  say('Hel')
  expect(await failed(there.responses.retrieve(id, { stream: true, starting_after: 99 }))).toMatchObject({
    status: 400,
  })
  const events = await there.responses.retrieve(id, { stream: true })
  const types: string[] = []
  for await (const event of events) {
    types.push(event.type)
    if (event.type === 'response.output_text.delta') await there.responses.cancel(id)
  }
  expect(types.at(-1)).toBe('response.failed')
  expect(types.filter((type) => type === 'response.failed')).toHaveLength(1)
})

it('belongs to its key at another instance, too', async () => {
  const keys = { a: newKey(), b: newKey() }
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-background-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { gateway, start, calls, say } = await world({
    keys: { a: { hash: keys.a.hash }, b: { hash: keys.b.hash } },
    shared: folder,
  })
  const other = await start()
  onTestFinished(() => other.close())
  const { id } = await clientOf(gateway, keys.a.key).responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  say('secret')
  const b = clientOf(other, keys.b.key)
  for (const attempt of [
    b.responses.retrieve(id),
    b.responses.retrieve(id, { stream: true }),
    b.responses.retrieve(`${id}:0`, { stream: true }),
    b.responses.cancel(id),
    b.responses.delete(id),
  ])
    expect(await failed(attempt)).toMatchObject({ status: 404 })
  expect(calls[0]?.aborted).toBe(false)
  say()
})

it('an answer that was not made in the background has no events to follow, at any instance', async () => {
  const { gateway, other, calls, say } = await twoInstances()
  const made = clientOf(gateway).responses.create({ model: 'default', input: 'Hi' })
  await expect.poll(() => calls.length).toBe(1)
  say('x')
  say()
  const { id } = await made
  for (const one of [gateway, other])
    expect(await failed(clientOf(one).responses.retrieve(id, { stream: true }))).toMatchObject({
      status: 400,
    })
})

it('one that another instance deletes ends, and is not stored again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-background-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { gateway, start, calls } = await world({ shared: folder })
  const other = await start()
  onTestFinished(() => other.close())
  const { id } = await clientOf(gateway).responses.create(ask)
  await expect.poll(() => calls.length).toBe(1)
  await clientOf(other).responses.delete(id)
  await expect.poll(() => calls[0]?.aborted).toBe(true)
  expect(await failed(clientOf(other).responses.retrieve(id))).toMatchObject({ status: 404 })
})
