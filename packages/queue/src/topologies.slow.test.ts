// A queue on a real cluster, behind real sentinels that fail over, and with workers behind a forwarded port.
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort, hasRedis, startRedis } from '../../policies/test/redis.js'
import { command, startCluster, startSentinel, startServer } from '../../policies/test/redis-topologies.js'
import { program } from '../test/program.js'
import { freshName, openQueue, openWorker, provider } from '../test/world.js'

const echo = provider(async function* ({ messages }) {
  const [part] = messages.at(-1)?.content ?? []
  for (const word of (part?.type === 'text' ? part.text : '').split(' '))
    yield { type: 'text', text: `${word} ` }
  yield { type: 'finish', response: { finishReason: 'stop' } }
})

describe.skipIf(!hasRedis)('a queue', { timeout: 120_000 }, () => {
  it('works on a cluster, whichever server its keys are on', async () => {
    const ports = await startCluster()
    const redis = `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`
    // Names of several queues are spread over the servers.
    for (let at = 0; at < 6; at++) {
      const name = freshName()
      await openWorker(name, echo, { redis })
      const llm = openQueue(name, { redis })
      const texts = await Promise.all(['one two', 'three'].map(async (text) => (await llm.chat(text)).text))
      expect(texts).toEqual(['one two ', 'three '])
      const words: string[] = []
      for await (const word of llm.stream('a b c').text) words.push(word)
      expect(words.join('')).toBe('a b c ')
    }
    const id = await openQueue('batched', { redis }).batches.submit(['x', 'y'])
    await openWorker('batched', echo, { redis })
    const results: string[] = []
    const llm = openQueue('batched', { redis })
    await vi.waitFor(async () => expect((await llm.batches.status(id)).state).toBe('ended'), {
      timeout: 30_000,
      interval: 200,
    })
    for await (const { response } of llm.batches.results(id)) results.push(response?.text ?? '')
    expect(results).toEqual(['x ', 'y '])
  })

  it('goes on with the server that sentinels choose when the primary dies', async () => {
    const [primary, replica] = [await freePort(), await freePort()]
    await startServer(primary)
    await startServer(replica, `replicaof 127.0.0.1 ${primary}`)
    await vi.waitFor(
      async () => expect(await command(replica, 'INFO', 'replication')).toMatch(/master_link_status:up/),
      {
        timeout: 30_000,
        interval: 100,
      },
    )
    const sentinel = await startSentinel(
      'main',
      primary,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 5000',
    )
    await vi.waitFor(
      async () => expect(await command(sentinel, 'SENTINEL', 'REPLICAS', 'main')).toHaveLength(1),
      {
        timeout: 30_000,
        interval: 100,
      },
    )
    const redis = `redis+sentinel://127.0.0.1:${sentinel}/main`
    const name = freshName()
    await openWorker(name, echo, { redis, lease: 10_000 })
    const llm = openQueue(name, { redis, lease: 10_000 })
    expect((await llm.chat('before')).text).toBe('before ')
    await command(primary, 'SHUTDOWN', 'NOSAVE').catch(() => {})
    // A call of the time without a primary fails with a typed error; as soon as there is one, calls are done again.
    await vi.waitFor(async () => expect((await llm.chat('after', { timeout: 5000 })).text).toBe('after '), {
      timeout: 90_000,
      interval: 500,
    })
    expect(await command(replica, 'ROLE')).toContain('master')
  })

  // Linux tells which sockets of a process listen.
  it.skipIf(process.platform !== 'linux')(
    'needs nobody to reach a worker: one that finds Redis through a forwarded port listens nowhere',
    async () => {
      const redis = await startRedis()
      onTestFinished(() => redis.stop())
      const forwarded = createServer((socket) => {
        const server = connect(Number(new URL(redis.url).port), '127.0.0.1')
        for (const end of [socket, server]) end.on('error', () => {})
        socket.pipe(server).pipe(socket)
      }).listen(0, '127.0.0.1')
      await once(forwarded, 'listening')
      onTestFinished(() => void forwarded.close())
      const name = freshName()
      const address = `redis://127.0.0.1:${(forwarded.address() as AddressInfo).port}`
      const behind = await program('slow-worker', address, name, '3')
      onTestFinished(() => void behind.process.kill('SIGKILL'))
      expect(await behind.nextLine()).toBe('working')
      const llm = openQueue(name, { redis: redis.url })
      expect((await llm.chat('Hi')).text).toBe('1 2 3 ')
      expect(listening(behind.process.pid as number)).toEqual([])
      // This process does listen, for the forwarded port.
      expect(listening(process.pid)).toContain((forwarded.address() as AddressInfo).port)
    },
  )
})

/** Ports at which sockets of a process listen. */
function listening(pid: number): number[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // 0A is LISTEN.
      .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode ?? ''))
      .map(([, address = '']) => Number.parseInt(address.split(':')[1] ?? '', 16)),
  )
}
