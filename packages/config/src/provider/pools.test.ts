// Pools in a configuration: servers of a DNS or a file in place of the host in a baseURL.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { dnsServer } from '../../../policies/test/dns-server.js'
import { eachInItsFolder } from '../../test/folder.js'
import { type Config, connect } from '../index.js'

const { at, write, problem } = eachInItsFolder()

/** A server that answers with its own address; `isUp: false`: with an error, and the number of times its models were asked for. */
async function modelServer(host = '127.0.0.1', port = 0) {
  const state = { isUp: true, chats: 0, probes: 0 }
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/models')) state.probes++
    else state.chats++
    response.statusCode = state.isUp ? 200 : 503
    response.setHeader('content-type', 'application/json')
    const message = { role: 'assistant', content: `${request.headers.host}${request.url}` }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    response.end(
      JSON.stringify(state.isUp ? { id: 'x', object: 'list', data: [], choices } : { error: { message: 'down' } }),
    )
  })
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { state, port: (server.address() as AddressInfo).port }
}

const configured = (baseURL: string, pool: object): Config => ({
  default: 'chat',
  providers: {
    server: { use: 'openai', model: 'm', baseURL, apiKey: 'x', api: 'chat', retry: false },
    chat: { use: 'loadBalance', providers: ['server'], ...pool },
  },
})
const connected = async (config: Config) => {
  const provider = await connect(undefined, { config, cwd: at() })
  onTestFinished(() => provider.close())
  return provider
}
const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: 20_000, interval: 20 })

it('the addresses of a name take the place of the host; port and path stay', async () => {
  const one = await modelServer('127.0.0.1')
  await modelServer('127.0.0.2', one.port)
  const dns = await dnsServer(
    { name: 'llama.test', type: 'A', ttl: 1, data: '127.0.0.1' },
    { name: 'llama.test', type: 'A', ttl: 1, data: '127.0.0.2' },
  )
  const llm = await connected(
    configured(`http://llama.test:${one.port}/base/v1`, { servers: `dns://${dns.address}/llama.test` }),
  )
  const answers = [await llm.chat('Hi'), await llm.chat('Hi')].map(({ text }) => text)
  expect(answers.sort()).toEqual(
    ['127.0.0.1', '127.0.0.2'].map((host) => `${host}:${one.port}/base/v1/chat/completions`),
  )
})

it('the lines of a file beside the configuration do, with their ports, and again when it changes', async () => {
  const [one, two] = [await modelServer(), await modelServer()]
  write('servers.txt', `127.0.0.1:${one.port}`)
  const llm = await connected(configured('http://placeholder/v1', { servers: 'file:servers.txt' }))
  expect((await llm.chat('Hi')).text).toBe(`127.0.0.1:${one.port}/v1/chat/completions`)
  write('servers.txt', `http://127.0.0.1:${two.port}  # moved`)
  await until(async () => expect((await llm.chat('Hi')).text).toBe(`127.0.0.1:${two.port}/v1/chat/completions`))
})

it('a server that failed gets calls again once it lists its models, if `probe` says so', async () => {
  const [one, two] = [await modelServer(), await modelServer()]
  write('servers.txt', `127.0.0.1:${one.port}\n127.0.0.1:${two.port}`)
  const llm = await connected(
    configured('http://placeholder/v1', { by: 'prefix', probe: true, servers: 'file:servers.txt' }),
  )
  const home = (await llm.chat('Hi')).text.includes(`:${one.port}/`) ? one : two
  home.state.isUp = false
  expect((await llm.chat('Hi')).warnings).toHaveLength(1)
  // The clock of policies moves on, in place of waiting for five seconds.
  const now = performance.now.bind(performance)
  let later = 6000
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + later)
  onTestFinished(() => clock.mockRestore())
  const { chats } = home.state
  expect((await llm.chat('Hi')).warnings).toEqual([])
  await until(() => expect(home.state.probes).toBe(1))
  expect(home.state.chats).toBe(chats)
  home.state.isUp = true
  later += 6000
  await until(async () => {
    await llm.chat('Hi')
    expect(home.state.chats).toBeGreaterThan(chats)
  })
})

it.each([
  [{ servers: 'dns:x', providers: ['server', 'server'] }, /config: .*chat: `servers` goes with one provider/],
  [{ servers: 'dns:x', weights: [1] }, /config: .*without weights/],
  [{ servers: 'llama.internal' }, /config: The servers of a pool are dns:NAME/],
  [{ servers: 'file:missing.txt' }, /network: The servers of file:…\/missing.txt cannot be looked up/],
  [{ servers: 'file:wrong.txt' }, /config: .*server: "not a host" is not a server/],
])('%j is refused, with the fix', async (pool, message) => {
  write('wrong.txt', 'not a host')
  expect(await problem(connect(undefined, { config: configured('http://x/v1', pool), cwd: at() }))).toMatch(message)
})

it('a provider without a baseURL is refused', async () => {
  write('servers.txt', 'one:8000')
  const config: Config = {
    providers: {
      chat: { use: 'loadBalance', providers: ['server'], servers: 'file:servers.txt' },
      server: { use: 'openai', model: 'm', apiKey: 'x' },
    },
  }
  expect(await problem(connect('chat', { config, cwd: at() }))).toMatch(/config: .*server needs a baseURL/)
})
