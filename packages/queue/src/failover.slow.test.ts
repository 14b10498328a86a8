// A primary that is killed while calls run, stream and wait, and while a batch is done: each call ends once, and so does each request of
// the batch, although the new primary lacks what was written last.
import type { LlmError } from '@patchbay/core'
import { describe, expect, it, vi } from 'vitest'
import { hasRedis } from '../../policies/test/redis.js'
import {
  command,
  type Replicated,
  startReplicated,
  startReplicatedCluster,
} from '../../policies/test/redis-topologies.js'
import { freshName, openQueue, openWorker, provider } from '../test/world.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const wordCount = 60

/** Says its words slowly. Each names the call and the run, so that parts of two answers to one call can be told apart. */
function counting() {
  const runs = new Map<string, number>()
  const said = { words: 0 }
  const counted = provider(async function* ({ messages }, { signal }) {
    const [part] = messages.at(-1)?.content ?? []
    const call = part?.type === 'text' ? part.text : ''
    const run = (runs.get(call) ?? 0) + 1
    runs.set(call, run)
    for (const word of wordsOf(call, run)) {
      said.words++
      yield { type: 'text', text: word }
      await sleep(50)
      signal.throwIfAborted()
    }
    yield { type: 'finish', response: { finishReason: 'stop' } }
  })
  return { counted, runs, said }
}
const wordsOf = (call: string, run: number) =>
  Array.from({ length: wordCount }, (_, word) => `${call}.${run}.${word} `)

/** A queue whose keys are on the server with a replica. */
async function nameOn({ primary }: Replicated): Promise<string> {
  for (;;) {
    const name = freshName()
    // Outside of a cluster, this is not allowed, and every name will do.
    const slot = await command(primary, 'CLUSTER', 'KEYSLOT', `{${name}}`).catch(() => 0)
    if (Number(slot) <= 5460) return name
  }
}

interface End {
  call: string
  text: string
  /** How often it ended, which is once. */
  ends: number
  error?: LlmError
}

describe.skipIf(!hasRedis)('when the primary of a queue is killed', { timeout: 240_000 }, () => {
  it.each([
    ['sentinel', 'has everything', startReplicated],
    ['sentinel', 'lacks the last moments', startReplicated],
    ['sentinel', 'does not know that calls have begun', startReplicated],
    ['cluster', 'has everything', startReplicatedCluster],
    ['cluster', 'does not know that calls have begun', startReplicatedCluster],
  ])('%s: and its replica %s, calls that run, stream and wait end once: with their answer, or with one error', async (_, known, start) => {
    const servers = await start()
    const options = { redis: servers.redis, lease: 10_000 }
    const name = await nameOn(servers)
    const { counted, runs, said } = counting()
    for (let count = 0; count < 2; count++) await openWorker(name, counted, { ...options, concurrency: 4 })
    const llm = openQueue(name, options)
    // The worker has told what it can do.
    await llm.capabilities()
    const make = async (call: string, streamed: boolean): Promise<End> => {
      const end: End = { call, text: '', ends: 0 }
      try {
        if (streamed)
          for await (const event of llm.stream(call)) {
            if (event.type === 'text') end.text += event.text
            if (event.type === 'finish') end.ends++
          }
        else {
          end.text = (await llm.chat(call)).text
          end.ends++
        }
      } catch (error) {
        end.error = error as LlmError
        const arrived = end.error.partial?.text ?? ''
        // Who streams has seen what had arrived.
        if (streamed) expect(arrived).toBe(end.text)
        end.text = arrived
        end.ends++
      }
      return end
    }
    const calls = Array.from({ length: 8 }, (_, at) => make(`early${at}`, at % 2 === 0))
    while (runs.size < 8) await sleep(20)
    await sleep(500)
    calls.push(...Array.from({ length: 12 }, (_, at) => make(`waiting${at}`, at % 2 === 0)))
    await sleep(500)
    if (known.includes('begun')) while (said.words < 8 * (wordCount - 6)) await sleep(5)
    if (known !== 'has everything') {
      await servers.loseWrites()
      calls.push(...Array.from({ length: 4 }, (_, at) => make(`late${at}`, at % 2 === 0)))
      if (known.includes('begun')) while (runs.size < 8 + 4) await sleep(5)
      await sleep(400)
    }
    servers.kill()
    const ended = await Promise.all(calls)
    for (const { call, text, ends, error } of ended) {
      expect([call, ends]).toEqual([call, 1])
      const run = Number(text.split('.')[1] ?? 1)
      const whole = wordsOf(call, run).join('')
      if (error === undefined) expect(text).toBe(whole)
      else {
        expect([call, error.code, error.message]).toEqual([
          call,
          expect.stringMatching(/^(network|worker-crashed)$/),
          expect.stringMatching(/Is it running|[Tt]ry again/),
        ])
        expect(error.retryable).toBe(true)
        // What had arrived is the beginning of one answer.
        expect(whole.startsWith(text)).toBe(true)
      }
    }
    await servers.failedOver()
    expect((await llm.chat('after')).text).toBe(wordsOf('after', runs.get('after') ?? 0).join(''))
  })

  it('each request of a batch has one result', async () => {
    const servers = await startReplicated()
    const options = { redis: servers.redis, lease: 2000 }
    const name = freshName()
    const runs: string[] = []
    const quick = provider(async function* ({ messages }) {
      const [part] = messages.at(-1)?.content ?? []
      runs.push(part?.type === 'text' ? part.text : '')
      await sleep(20)
      yield { type: 'text', text: part?.type === 'text' ? part.text : '' }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    })
    for (let count = 0; count < 2; count++) await openWorker(name, quick, options)
    const llm = openQueue(name, options)
    const total = 1500
    const requests = Array.from({ length: total }, (_, at) => `request ${at}`)
    const id = await llm.batches.submit(requests)
    while (runs.length < 300) await sleep(20)
    await servers.loseWrites()
    await sleep(300)
    servers.kill()
    const status = async () => {
      for (;;) {
        // While there is no primary, the question fails.
        const answer = await llm.batches.status(id).catch((error: LlmError) => error.code)
        if (typeof answer === 'object' && answer.state !== 'running') return answer
        if (typeof answer === 'string') expect(answer).toBe('network')
        await sleep(200)
      }
    }
    expect(await status()).toEqual({ state: 'ended', total, answered: total, failed: 0 })
    const texts: (string | undefined)[] = []
    for await (const { index, response } of llm.batches.results(id))
      texts.push(response?.text ?? `none ${index}`)
    expect(texts).toEqual(requests)
  })

  it('a batch is accepted only when a replica has it', async () => {
    const servers = await startReplicated()
    const options = { redis: servers.redis }
    const llm = openQueue(freshName(), options)
    await llm.batches.submit(['first'])
    servers.freezeReplica()
    let isFrozen = true
    const submitted = llm.batches.submit(['x', 'y']).then((id) => ({ id, isFrozen }))
    await sleep(500)
    isFrozen = false
    servers.resumeReplica()
    const { id, isFrozen: wasAccepted } = await submitted
    expect(wasAccepted).toBe(false)
    servers.kill()
    await servers.failedOver()
    await vi.waitFor(async () => expect(await llm.batches.status(id)).toMatchObject({ total: 2 }), {
      timeout: 30_000,
      interval: 200,
    })
  })

  it('a batch that is being submitted fails with an error, since most of it is lost', async () => {
    const servers = await startReplicated()
    const options = { redis: servers.redis, lease: 2000 }
    const name = freshName()
    const llm = openQueue(name, options)
    const requests = Array.from({ length: 4000 }, (_, at) => `request ${at}`)
    const submitted = llm.batches.submit(requests).catch((error: LlmError) => error)
    const jobs = async () => Number(await command(servers.primary, 'ZCARD', `patchbay:{${name}}:prioritized`))
    while ((await jobs()) < 500) await sleep(1)
    await servers.loseWrites()
    while ((await jobs()) < 1500) await sleep(1)
    servers.kill()
    // The old primary had accepted it.
    expect(await submitted).toMatchObject({ code: 'network', retryable: true })
  })
})
