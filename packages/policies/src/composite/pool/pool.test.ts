// Pools of servers that come and go, found in a real DNS or a real file.
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LlmError, type Provider } from '@patchbay/core'
import { fakeClock, type MockOptions, mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type DnsRecord, dnsServer } from '../../../test/dns-server.js'
import { failureOf } from '../../../test/failure.js'
import { type FoundServers, type PoolOptions, pool } from '../../index.js'

/** A pool of mock servers, and those of them that are open. */
async function poolOf(
  servers: Parameters<typeof pool>[0],
  options: PoolOptions = {},
  mock: (server: string) => MockOptions = () => ({}),
) {
  const open = new Map<string, Provider>()
  const connect = (server: string) => {
    const provider = mockProvider({ provider: server, model: 'm', retry: false, ...mock(server) })
    const close = provider.close.bind(provider)
    provider.close = async () => {
      open.delete(server)
      await close()
    }
    open.set(server, provider)
    return provider
  }
  const llm = await pool(servers, connect, options)
  onTestFinished(() => llm.close())
  return { llm, open }
}

const until = (condition: () => void | Promise<void>) =>
  vi.waitFor(condition, { timeout: 20_000, interval: 20 })
const opened = (open: Map<string, Provider>) => [...open.keys()].sort()

/** A source that a test changes, looked up again at once. */
function source(...first: string[]) {
  const state = { servers: first, looks: 0, fails: false }
  const look = async (): Promise<FoundServers> => {
    state.looks++
    if (state.fails) throw new Error('no answer')
    return { servers: state.servers, forMs: 1 }
  }
  /** Resolves when a list that was set before has been used. */
  const used = async () => {
    const { looks } = state
    await until(() => expect(state.looks).toBeGreaterThan(looks + 1))
  }
  return { state, look, used }
}

const a = (data: string, ttl = 1): DnsRecord => ({ name: 'llama.test', type: 'A', ttl, data })
const srv = (target: string, port: number, priority = 0): DnsRecord => ({
  name: '_http._tcp.llama.test',
  type: 'SRV',
  ttl: 1,
  data: { target, port, priority, weight: 1 },
})

describe('servers are found in DNS', () => {
  it('by the addresses of a name, and again when their time is up', async () => {
    const dns = await dnsServer(a('127.0.0.1'), a('127.0.0.2'))
    const { open } = await poolOf(`dns://${dns.address}/llama.test`)
    expect(opened(open)).toEqual(['127.0.0.1', '127.0.0.2'])
    dns.records = [a('127.0.0.2'), a('127.0.0.3')]
    await until(() => expect(opened(open)).toEqual(['127.0.0.2', '127.0.0.3']))
  })

  it('by its IPv6 addresses, if it has no others', async () => {
    const dns = await dnsServer({ name: 'llama.test', type: 'AAAA', ttl: 1, data: '::1' })
    const { open } = await poolOf(`dns://${dns.address}/llama.test`)
    expect(opened(open)).toEqual(['[::1]'])
  })

  it('by its SRV records of the first priority, with their ports', async () => {
    const dns = await dnsServer(srv('one.test', 8001), srv('two.test', 8002), srv('spare.test', 8003, 9))
    const { open } = await poolOf(`dns://${dns.address}/_http._tcp.llama.test`)
    expect(opened(open)).toEqual(['one.test:8001', 'two.test:8002'])
  })

  it('and those that are known stay while it fails or has none', async () => {
    const dns = await dnsServer(a('127.0.0.1'))
    const { llm, open } = await poolOf(`dns://${dns.address}/llama.test`)
    const stays = async () => {
      const { asked } = dns
      await until(() => expect(dns.asked).toBeGreaterThan(asked + 1))
      expect(opened(open)).toEqual(['127.0.0.1'])
      expect((await llm.chat('Hi')).provider).toBe('127.0.0.1')
    }
    dns.records = []
    await stays()
    dns.fails = true
    await stays()
    dns.fails = false
    dns.records = [a('127.0.0.9')]
    await until(() => expect(opened(open)).toEqual(['127.0.0.9']))
  })
})

describe('servers are found in a file', () => {
  const written = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-pool-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'servers.txt')
    writeFileSync(path, text)
    return { path, folder }
  }

  it('one a line, and again when it changes', async () => {
    const { path } = written('# our servers\none:8001\n\n  two:8002 # the new one\r\n')
    const { open } = await poolOf(`file:${path}`)
    expect(opened(open)).toEqual(['one:8001', 'two:8002'])
    writeFileSync(path, 'two:8002\nthree:8003')
    await until(() => expect(opened(open)).toEqual(['three:8003', 'two:8002']))
  })

  it('that is reached by a link, as Kubernetes mounts it', async () => {
    const { path, folder } = written('one')
    const link = join(folder, 'link')
    symlinkSync(path, link)
    const { open } = await poolOf(`file:${link}`)
    writeFileSync(join(folder, 'next.txt'), 'two')
    symlinkSync(join(folder, 'next.txt'), join(folder, 'swap'))
    renameSync(join(folder, 'swap'), link)
    await until(() => expect(opened(open)).toEqual(['two']))
  })
})

describe('when a list changes', () => {
  it('a server that goes finishes its running calls, and one that stays is not opened again', async () => {
    const { state, look, used } = source('a', 'b')
    const clock = fakeClock()
    const slow: MockOptions = { answers: [{ text: 'late', delay: 1000 }], clock }
    const { llm, open } = await poolOf(look, { by: 'weighted' }, (server) => (server === 'a' ? slow : {}))
    const b = open.get('b')
    const running = llm.chat('Hi')
    await used()
    state.servers = ['b', 'c']
    await until(() => expect(opened(open)).toEqual(['b', 'c']))
    expect(open.get('b')).toBe(b)
    const others = await Promise.all([llm.chat('Hi'), llm.chat('Hi')])
    expect(others.map(({ provider }) => provider).sort()).toEqual(['b', 'c'])
    await clock.advance(1000)
    expect(await running).toMatchObject({ provider: 'a', text: 'late' })
  })

  it('conversations of others stay where they are, and so does what is known of a failed one', async () => {
    const { state, look, used } = source('a', 'b', 'c')
    let fails = true
    const probed: string[] = []
    const probe = async ({ provider }: Provider) => {
      probed.push(provider)
      if (fails) throw new Error('down')
    }
    const mock = (server: string): MockOptions => ({
      answers: Array(200).fill(() =>
        server === 'a' && fails ? new LlmError('overloaded', 'busy') : `from ${server}`,
      ),
    })
    const { llm } = await poolOf(look, { by: 'prefix', probe }, mock)
    const places = async () => {
      const all: string[] = []
      // One after another: none has more than its share.
      for (let at = 0; at < 30; at++) all.push((await llm.chat(`Question ${at}`)).provider)
      return all
    }
    fails = false
    const before = await places()
    expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']))
    state.servers = ['a', 'b', 'c', 'd']
    await used()
    const grown = await places()
    expect(grown).toContain('d')
    for (const [at, place] of grown.entries()) if (place !== 'd') expect(place).toBe(before[at])
    fails = true
    await places()
    state.servers = ['a', 'b', 'c']
    await used()
    const warnings = (await Promise.all(before.map((_, at) => llm.chat(`Question ${at}`)))).flatMap(
      ({ warnings }) => warnings,
    )
    // It is still known to be down: nobody tries it first.
    expect(warnings).toEqual([])
  })
})

it('a pool without servers at its start is refused, with the place', async () => {
  const dns = await dnsServer()
  const connect = () => mockProvider()
  expect(await failureOf(pool(`dns://${dns.address}/llama.test`, connect))).toMatchObject({
    code: 'network',
    message: `There are no servers at dns://${dns.address}/llama.test.`,
  })
  expect((await failureOf(pool('file:/nonexistent/x', connect))).code).toBe('network')
  expect((await failureOf(pool('llama.test', connect))).code).toBe('config')
})

it('closing ends the lookups', async () => {
  const { state, look, used } = source('a')
  const { llm, open } = await poolOf(look)
  await used()
  await llm.close()
  const { looks } = state
  state.servers = ['b']
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([state.looks, opened(open)]).toEqual([looks, []])
  expect((await failureOf(llm.chat('Hi'))).code).toBe('closed')
})

it('a server that cannot be connected keeps no other one away', async () => {
  const servers = { now: ['a'] }
  const open = new Set<string>()
  const connect = (server: string) => {
    if (server === 'bad') throw new LlmError('config', 'No such server.')
    open.add(server)
    return mockProvider({ provider: server, model: 'm' })
  }
  const llm = await pool(async () => ({ servers: servers.now, forMs: 100 }), connect)
  onTestFinished(() => llm.close())
  servers.now = ['b', 'bad']
  await until(() => expect([...open]).toEqual(['a', 'b']))
  await until(async () => expect((await llm.chat('hi')).provider).toBe('b'))
  servers.now = ['bad']
  const only = pool(async () => ({ servers: servers.now, forMs: 100 }), connect)
  expect((await failureOf(only)).message).toContain('No such server.')
})

it('closes while a lookup never ends', async () => {
  let looks = 0
  const llm = await pool(
    async () => (++looks === 1 ? { servers: ['a'], forMs: 1 } : new Promise<never>(() => {})),
    () => mockProvider(),
  )
  await until(() => expect(looks).toBe(2))
  await llm.close()
  expect(looks).toBe(2)
})

it.each([
  ['never', Number.POSITIVE_INFINITY, 1_000_000, 1],
  ['in a hundred milliseconds at the earliest', Number.NaN, 99, 1],
  ['in a hundred milliseconds at the earliest', 0, 100, 2],
])('looks again %s where the source says so: %d', async (_, forMs, ms, expected) => {
  const clock = fakeClock()
  let looks = 0
  const llm = await pool(
    async () => ({ servers: [`a${++looks}`], forMs }),
    () => mockProvider(),
    { clock },
  )
  await clock.advance(ms)
  expect(looks).toBe(expected)
  await llm.close()
})

it('options that do not exist, and ways that do not, are refused', async () => {
  const look = async () => ({ servers: ['a'], forMs: 1000 })
  const wrong = [{ bY: 'prefix' }, { by: 'nonsense' }, { weights: [1] }] as never as PoolOptions[]
  for (const options of wrong)
    expect(await failureOf(pool(look, () => mockProvider(), options))).toMatchObject({ code: 'config' })
})

it('a source that throws and a DNS server that is no address are told as what they are', async () => {
  const broken = () => {
    throw new Error('not now')
  }
  expect(await failureOf(pool(broken, () => mockProvider()))).toMatchObject({ code: 'network' })
  const wrong = failureOf((async () => pool('dns://not-an-ip/x', () => mockProvider()))())
  expect(await wrong).toMatchObject({ code: 'config', message: expect.stringContaining('IP address') })
})
