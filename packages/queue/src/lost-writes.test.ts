// What a failover can lose, done to a real Redis by hand: the last writes are not there any more.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Client, hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { freshName, gate, openQueue, openWorker, provider, queued } from '../test/world.js'

describe.skipIf(!hasRedis)('a Redis that has lost its last writes', () => {
  let redis: Redis
  let admin: Client
  beforeAll(async () => {
    redis = await startRedis()
    admin = await redis.connect()
  })
  afterAll(() => redis.stop())

  /** Begins with one call, says a word, and goes on when the gate is open. */
  async function halfAnswered() {
    const name = freshName()
    const go = gate()
    await openWorker(
      name,
      provider(async function* () {
        yield { type: 'text', text: 'one ' }
        await go.opened
        yield { type: 'text', text: 'two ' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
      { redis: redis.url },
    )
    const llm = openQueue(name, { redis: redis.url })
    const words = llm.stream('Hi').text[Symbol.asyncIterator]()
    expect((await words.next()).value).toBe('one ')
    const [box] = (await admin.sendCommand(['KEYS', `patchbay-calls:{${name}}:mail:*`])) as string[]
    const call = (await admin.sendCommand(['KEYS', `patchbay-calls:{${name}}:call:*`])) as string[]
    // The worker has a mailbox only after its caller has written to it.
    return { words, go, box: box as string, call: call[0] as string }
  }

  it('fails a call whose job is lost, instead of leaving it to its deadline', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const { answer } = await queued(llm, 'Hello')
    const jobs = (await admin.sendCommand([
      'ZRANGE',
      `patchbay:{${name}}:prioritized`,
      '0',
      '-1',
    ])) as string[]
    expect(jobs).toHaveLength(1)
    await admin.sendCommand(['DEL', `patchbay:{${name}}:prioritized`, `patchbay:{${name}}:${jobs[0]}`])
    await expect(answer).rejects.toMatchObject({
      code: 'network',
      retryable: true,
      message: expect.stringContaining('Try again'),
    })
  })

  it('fails a call of whose answer a part is lost, with what had arrived', async () => {
    const { words, go, call } = await halfAnswered()
    // Redis counts a part that nobody has got.
    await admin.sendCommand(['HINCRBY', call, 'posted', '1'])
    go.open()
    await expect(words.next()).rejects.toMatchObject({
      code: 'network',
      partial: { text: 'one ' },
      message: expect.stringContaining('a part of this answer was lost'),
    })
  })

  it('and whose clock is behind that of the old primary, has its letters read all the same', async () => {
    const { words, go, box } = await halfAnswered()
    // The old primary was an hour ahead; the mailbox of the new one begins anew.
    await admin.sendCommand([
      'XADD',
      box,
      `${Date.now() + 3_600_000}-0`,
      'call',
      'none',
      'kind',
      'read',
      'body',
      '0',
    ])
    await expect.poll(() => admin.sendCommand(['XLEN', box])).toBe(0)
    await admin.sendCommand(['DEL', box])
    go.open()
    expect((await words.next()).value).toBe('two ')
    expect((await words.next()).done).toBe(true)
  })
})

it.skipIf(!hasRedis)(
  'a worker of an older version fails the call, instead of leaving it to its deadline',
  async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const name = freshName()
    const { answer } = await queued(openQueue(name, { redis: redis.url }), 'Hello')
    const admin = await redis.connect()
    const base = `patchbay-calls:{${name}}:`
    const [key = ''] = (await admin.sendCommand(['KEYS', `${base}call:*`])) as string[]
    const box = String(await admin.sendCommand(['HGET', key, 'box']))
    // What such a worker tells first.
    const letter = ['call', key.slice(`${base}call:`.length), 'kind', 'taken', 'body', 'worker']
    await admin.sendCommand(['XADD', `${base}mail:${box}`, '*', ...letter])
    await expect(answer).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('same version'),
    })
  },
)
