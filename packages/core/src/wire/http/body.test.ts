// What happens to a connection when the last word was said.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { jsonEvents, jsonLines } from '../index.js'

async function serve(answer: (response: ServerResponse) => void) {
  let connections = 0
  let open = 0
  const server = createServer((_, response) => {
    open++
    response.on('close', () => open--)
    answer(response)
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const body = async () => (await fetch(url)).body as ReadableStream<Uint8Array>
  return { body, connections: () => connections, open: () => open }
}

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = []
  for await (const value of values) read.push(value)
  return read
}

const isLast = (value: unknown) => (value as { last?: boolean }).last === true

it.each([
  ['[DONE]', 'data: {"a":1}\n\ndata: [DONE]\n\n', [{ a: 1 }], jsonEvents],
  ['a last event', 'data: {"last":true}\n\n', [{ last: true }], jsonEvents],
  ['a last line', '{"last":true}\n', [{ last: true }], jsonLines],
] as const)('after %s the connection is used again, though the end comes later', async (_, text, expected, decode) => {
  // On a busy machine the time for the end may run out before it is read: here it never does.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let end: () => void = () => {}
  const { body, connections, open } = await serve((response) => {
    response.write(text)
    end = () => response.end('\n')
  })
  for (let call = 0; call < 5; call++) {
    expect(await all(decode(await body(), isLast))).toEqual(expected)
    expect(open()).toBe(1)
    end()
    await expect.poll(open).toBe(0)
  }
  expect(connections()).toBe(1)
})

it('who goes on after the last word, or never ends, is left', async () => {
  const chatty = await serve((response) => {
    response.write('data: [DONE]\n\n')
    const timer = setInterval(() => response.write('data: {"more":1}\n\n'), 1)
    response.on('close', () => clearInterval(timer))
  })
  expect(await all(jsonEvents(await chatty.body()))).toEqual([])
  await expect.poll(chatty.open).toBe(0)
  const silent = await serve((response) => void response.write('data: [DONE]\n\n'))
  expect(await all(jsonEvents(await silent.body()))).toEqual([])
  await expect.poll(silent.open).toBe(0)
})

it('who leaves before the last word ends the body', async () => {
  const { body, open } = await serve((response) => void response.write('data: {"a":1}\n\n'))
  for await (const _ of jsonEvents(await body())) break
  await expect.poll(open).toBe(0)
})
