// Patchbay's own client before a gateway: a stream that lost its connection goes on by itself; one that its caller leaves ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import type { StatusEvent } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { expect, it, onTestFinished } from 'vitest'
import { cutProxy } from '../../test/cut-proxy.js'
import { puppet } from '../../test/puppet.js'
import { serve } from '../index.js'

async function world() {
  const model = puppet()
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-resume-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const loaded = await loadConfig({ config: { gateway: { drain: 100 }, shared: folder }, user: false })
  const start = async () => {
    const gateway = await serve({ loaded, otherwise: model.provider, port: 0, onRequest: () => {} })
    onTestFinished(() => gateway.close())
    return gateway
  }
  const [gateway, other] = [await start(), await start()]
  const network = await cutProxy(gateway.url)
  const client = openai('default', { baseURL: `${network.url}/v1`, apiKey: 'k', resume: true })
  onTestFinished(() => client.close())
  return { ...model, gateway, other, network, client }
}

it.each(['the same', 'another'])('goes on at %s instance, with every word once', async (where) => {
  const { client, network, other, say, calls } = await world()
  const told: StatusEvent[] = []
  const stream = client.stream('Hi', { onStatus: (event) => void told.push(event) })
  const words: string[] = []
  say('one')
  for await (const text of stream.text) {
    words.push(text)
    if (words.length < 4) {
      network.cut(where === 'another' ? other.url : undefined)
      say(['two', 'three', 'four'][words.length - 1])
    } else say()
  }
  const { usage, attempts } = await stream.response()
  expect(words).toEqual(['one', 'two', 'three', 'four'])
  expect({ usage, attempts }).toMatchObject({ usage: { inputTokens: 3, outputTokens: 2 }, attempts: 1 })
  expect(calls.map(({ aborted }) => aborted)).toEqual([false])
  expect(told.filter(({ type }) => type === 'retrying').length).toBeGreaterThanOrEqual(1)
  expect(network.connections).toBeGreaterThan(1)
})

it('nothing of it stays at the gateway', async () => {
  const { client, gateway, say } = await world()
  say('Hello')
  say()
  const { id, text } = await client.stream('Hi').response()
  expect(text).toBe('Hello')
  await expect.poll(async () => (await fetch(`${gateway.url}/v1/responses/${id}`)).status).toBe(404)
})

it('a caller that leaves the stream ends the call, also at once after a lost connection', async () => {
  for (const cuts of [false, true]) {
    const { client, network, say, calls } = await world()
    say('one')
    for await (const _ of client.stream('Hi').text) {
      if (cuts) network.cut()
      break
    }
    await expect.poll(() => calls.map(({ aborted }) => aborted)).toEqual([true])
  }
})

it('a gateway that stays away is an error, with what had come', async () => {
  const { client, network, say } = await world()
  say('one')
  const stream = client.stream('Hi')
  const reading = (async () => {
    for await (const _ of stream.text) network.close()
  })()
  await expect(reading).rejects.toMatchObject({ code: 'network', partial: { text: 'one' } })
})

it('without resume, a lost connection ends the call', async () => {
  const { network, say, calls } = await world()
  const client = openai('default', { baseURL: `${network.url}/v1`, apiKey: 'k', api: 'responses' })
  onTestFinished(() => client.close())
  say('one')
  const reading = (async () => {
    for await (const _ of client.stream('Hi').text) network.cut()
  })()
  await expect(reading).rejects.toMatchObject({ code: 'network', partial: { text: 'one' } })
  await expect.poll(() => calls.map(({ aborted }) => aborted)).toEqual([true])
})

it('resume with Chat Completions is a mistake', () => {
  expect(() => openai('default', { baseURL: 'http://127.0.0.1:1', api: 'chat', resume: true })).toThrow(
    'resume needs the Responses API',
  )
})
