// Bodies and lines without an end are refused at a limit and cancelled, with bounded memory and in linear time.
import { setTimeout as wait } from 'node:timers/promises'
import { LlmError } from '@patchbay/core'
import { jsonEvents, jsonLines, wholeJson } from '@patchbay/core/wire'
import { describe, expect, it } from 'vitest'
import type { ServedResponse } from '../../../packages/testing/src/fault-server.js'
import { type Remote, remotes, serve, thrownBy } from './backends.js'

const MiB = 1024 * 1024
const piece = 'x'.repeat(64 * 1024)
const typeOf = ({ answer }: Remote) => answer.headers ?? {}

const bodies: Record<string, { answer: (remote: Remote) => ServedResponse; most: number }> = {
  'a line': { answer: (remote) => ({ headers: typeOf(remote), body: piece, endless: true }), most: 16 },
  'an event of many lines': {
    answer: (remote) => ({ headers: typeOf(remote), body: `data: ${piece}\n`, endless: true }),
    most: 16,
  },
  'a body in one piece': {
    answer: () => ({ headers: { 'content-type': 'application/json' }, body: `"${piece}",`, endless: true }),
    most: 64,
  },
}

describe.each(Object.entries(remotes))('%s', (name, remote) => {
  it.each(Object.entries(bodies))('%s without an end is refused, and the server is left', async (what, {
    answer,
    most,
  }) => {
    // Ollama is asked what its model can do; that answer is in order.
    const server = await serve(({ path }) => (path.endsWith('/show') ? { body: '{}' } : answer(remote)))
    const llm = remote.make({ baseURL: server.url, apiKey: 'sk-bounded-bodies', retry: false })
    const error = await thrownBy(llm.chat({ messages: 'Hi', maxOutputTokens: 20 }))
    // Lines of JSON are Ollama's only form: a line that begins with data is none.
    if (!(name === 'ollama' && what === 'an event of many lines'))
      expect(error).toMatchObject({ message: expect.stringMatching(/more than \d+ MiB/) })
    expect(error).toMatchObject({ code: 'bad-response' })
    await expect.poll(() => server.open).toBe(0)
    // What the sockets hold beside what was read.
    expect(server.sent).toBeLessThan((most + 16) * MiB)
  })

  it('an endless error body is read up to a limit, and its beginning is in the error', async () => {
    const server = await serve({ status: 400, body: `Bad: ${piece}`, endless: true })
    const llm = remote.make({ baseURL: server.url, apiKey: 'sk-bounded-bodies', retry: false })
    const error = (await thrownBy(llm.chat('Hi'))) as LlmError
    expect(error).toMatchObject({ code: 'invalid-request', status: 400 })
    expect(error.responseBody).toHaveLength(64 * 1024)
    expect(error.message.length).toBeLessThan(400)
    await expect.poll(() => server.open).toBe(0)
    expect(server.sent).toBeLessThan(16 * MiB)
  })

  // Gemini's results are in the batch itself.
  it.skipIf(remote.batch === undefined || remote === remotes.gemini)(
    'a line of results without an end is refused',
    async () => {
      const server = await serve(({ path }) =>
        /results|content/.test(path) ? { body: piece, endless: true } : (remote.batch?.('', path) ?? {}),
      )
      const llm = remote.make({ baseURL: server.url, apiKey: 'sk-bounded-bodies', retry: false })
      const read = async () => {
        for await (const _ of llm.batches.results('b'));
      }
      expect(await thrownBy(read())).toMatchObject({
        code: 'bad-response',
        message: expect.stringContaining('a line of more than 16 MiB'),
      })
      await expect.poll(() => server.open).toBe(0)
    },
  )
})

const decoders: Record<string, (body: ReadableStream<Uint8Array>) => Promise<unknown>> = {
  'lines of JSON': async (body) => {
    for await (const _ of jsonLines(body));
  },
  events: async (body) => {
    for await (const _ of jsonEvents(body));
  },
  json: (body) => wholeJson(new Response(body), () => new LlmError('bad-response', 'No.')),
}

/** Bytes in pieces of 1 KiB; how they are read is what takes the time. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, at + 1024))
      at += 1024
    },
  })
}

async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

describe.each(Object.entries(decoders))('%s', (_, decode) => {
  it('four times the length take about four times the time, however it is cut', async () => {
    // Quadratic, it would be sixteen times. The best of several: others are busy too.
    const ratio = async () => {
      const of = (kib: number) =>
        cpu(() => decode(inPieces(`data: "${'y'.repeat(kib * 1024)}"`)).catch(() => {}))
      await of(512)
      const one = await of(2048)
      const four = await of(8192)
      return four / one
    }
    let best = Number.POSITIVE_INFINITY
    for (let turn = 0; turn < 5 && best > 8; turn++) {
      best = Math.min(best, await ratio())
      await wait(0)
    }
    expect(best).toBeLessThan(8)
  })
})
