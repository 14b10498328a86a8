// The gateway as a process: it ends in time whatever hangs, and a configuration that is gone opens nothing.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort, hasRedis } from '../../../../packages/policies/test/redis.js'
import { endOf, hash, key, started, until } from '../../test/gateway-process.js'

const drain = 200

/** A server that takes everything and never answers. */
async function hanging(): Promise<{ url: string; taken(): boolean }> {
  let taken = false
  const server = createServer((socket) => {
    taken = true
    socket.on('error', () => {})
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, taken: () => taken }
}

const openai = (baseURL: string) => ({ use: 'openai', model: 'm', baseURL, apiKey: 'x', api: 'chat' })

describe('ends within drain and two seconds', () => {
  it('where a service never answers', async () => {
    const service = await hanging()
    const server = await started({ providers: { far: openai(service.url) }, gateway: { drain } })
    const answer = server.ask().catch((error) => error)
    await until(service.taken)
    const { code, ms } = await endOf(server)
    expect(code).toBe(0)
    expect(ms).toBeLessThan(drain + 2000)
    await answer
  })

  it('where a client is stuck in the middle of its request', async () => {
    const server = await started({ gateway: { drain } })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((resolve) =>
      socket.write(
        'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{',
        resolve,
      ),
    )
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const { code, ms } = await endOf(server)
    expect(code).toBe(0)
    expect(ms).toBeLessThan(drain + 2000)
  })

  it.skipIf(!hasRedis)('where its Redis is frozen; until then it says so, and is healthy', async () => {
    const port = await freePort()
    const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
      stdio: 'ignore',
    })
    onTestFinished(() => {
      redis.kill('SIGCONT')
      redis.kill('SIGKILL')
    })
    await until(
      () =>
        spawnSync('redis-cli', ['-p', String(port), 'ping'])
          .stdout?.toString()
          .includes('PONG') ?? true,
    )
    const server = await started({
      shared: `redis://127.0.0.1:${port}`,
      gateway: { drain, keys: { ann: { hash, limit: { requestsPerMinute: 100 } } } },
    })
    const question = { messages: [{ role: 'user', content: 'What is the capital of France?' }] }
    expect((await server.ask('/v1/chat/completions', question)).status).toBe(200)
    redis.kill('SIGSTOP')
    const [limited, stored] = await Promise.all([
      server.ask('/v1/chat/completions', question),
      server.ask('/v1/responses', { input: 'Hi', previous_response_id: 'resp_x' }),
    ])
    expect(limited.status).toBe(200)
    expect([502, 503]).toContain(stored.status)
    expect(await stored.text()).toContain('cannot be reached')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const waiting = server.ask('/v1/chat/completions', question).catch((error) => error)
    const { code, ms } = await endOf(server)
    expect(code).toBe(0)
    expect(ms).toBeLessThan(drain + 2000)
    await waiting
  })
})

it('a second signal ends it at once', async () => {
  const service = await hanging()
  const server = await started({ providers: { far: openai(service.url) }, gateway: { drain: 60_000 } })
  const answer = server.ask().catch((error) => error)
  await until(service.taken)
  server.child.kill('SIGTERM')
  // It has heard the first one as soon as it takes no more requests.
  while (
    await fetch(`${server.url}/healthz`).then(
      () => true,
      () => false,
    )
  );
  server.child.kill('SIGINT')
  expect(await server.ended).toBe('SIGINT')
  await answer
})

it('a configuration that is gone opens nothing', async () => {
  const server = await started({ gateway: { keys: { ann: { hash } } } })
  const open = async () => (await fetch(`${server.url}/v1/models`)).status
  expect(await open()).toBe(401)
  rmSync(server.file)
  server.child.kill('SIGHUP')
  await until(() => server.err().includes('was not changed'))
  expect(server.err()).toContain('is gone')
  expect(await open()).toBe(401)
})

it.each<[string, string, string, string[], string]>([
  [
    'CommonJS',
    'cjs',
    "const imported = require('./imported.cjs'); module.exports =",
    ['changed', 'imported'],
    'was reloaded. Files that it imports were not reloaded:',
  ],
  [
    'TypeScript',
    'ts',
    "import imported from './imported.ts'; export default",
    ['changed', 'imported-changed'],
    'was reloaded. Of the files that it imports, only TypeScript was reloaded:',
  ],
])('a configuration in %s is read again, and what of its imports was is told', async (_, end, head, names, told) => {
  const files = (own: string, imported: string) => ({
    [`patchbay.config.${end}`]: `${head} { providers: { ${own}: 'local' }, gateway: { aliases: { [imported]: '${own}' } } }`,
    [`imported.${end}`]: `${end === 'cjs' ? 'module.exports =' : 'export default'} '${imported}'`,
  })
  const server = await started({}, files('own', 'imported'))
  const models = async () => {
    const response = await fetch(`${server.url}/v1/models`)
    const { data } = (await response.json()) as { data: { id: string }[] }
    return data.map(({ id }) => id)
  }
  expect(await models()).toEqual(['own', 'imported'])
  server.write(files('changed', 'imported-changed'))
  server.child.kill('SIGHUP')
  await until(() => server.err().includes('\n'))
  expect(server.err()).toContain(told)
  expect(await models()).toEqual(names)
})

describe('a configuration follows its file', () => {
  const providers = (...names: string[]) => ({
    providers: Object.fromEntries(names.map((name) => [name, 'local'])),
  })
  const models = async ({ url }: { url: string }) => {
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    const { data } = (await response.json()) as { data: { id: string }[] }
    return data.map(({ id }) => id)
  }

  it('that is written, and the log has the names of what has changed, and no values', async () => {
    const server = await started({ ...providers('one'), gateway: { keys: { ann: { hash } } } })
    expect(await models(server)).toEqual(['one'])
    const gateway = {
      keys: { ann: { hash, limit: { concurrency: 9 } }, bob: { hash } },
      aliases: { fast: 'two' },
    }
    server.write({ 'patchbay.config.json': JSON.stringify({ ...providers('two'), default: 'two', gateway }) })
    await until(() => server.err().includes('\n'))
    expect(server.err()).toBe(
      'The configuration was reloaded. Changed: provider one (removed), provider two (new), key ann, key bob (new), gateway.aliases (new), default (new).\n',
    )
    expect(await models(server)).toEqual(['two', 'fast'])
  })

  it('that changes while the gateway starts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-starts-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'patchbay.config.json')
    // The start waits for a database that accepts connections and never answers.
    let write: (...names: string[]) => void = () => {}
    let asked = 0
    const database = createServer(() => {
      if (asked++ === 0) write('two')
    })
    await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void database.close())
    const { port } = database.address() as AddressInfo
    const address = `postgres://x:x@127.0.0.1:${port}/x`
    const gateway = { keys: { ann: { hash } }, database: address }
    write = (...names) => writeFileSync(file, JSON.stringify({ ...providers(...names), gateway }))
    write('one')
    const server = await started({}, { 'unused.txt': '' }, ['--config', file])
    expect(asked).toBeGreaterThan(0)
    await until(() => server.err().includes('was reloaded'))
    expect(await models(server)).toEqual(['two'])
  })

  it('that is half written or wrong only when it is whole and right again', async () => {
    const server = await started({ ...providers('one'), gateway: { keys: { ann: { hash } } } })
    const next = JSON.stringify({ ...providers('two'), gateway: { keys: { ann: { hash } } } })
    for (const text of [next.slice(0, 40), '', JSON.stringify({ provider: {} })]) {
      const lines = server.err().split('\n').length
      server.write({ 'patchbay.config.json': text })
      await until(() => server.err().split('\n').length > lines)
      expect(await models(server)).toEqual(['one'])
    }
    expect(server.err().match(/was not changed/g)).toHaveLength(3)
    server.write({ 'patchbay.config.json': next })
    await until(() => server.err().includes('was reloaded'))
    expect(await models(server)).toEqual(['two'])
  })

  it.skipIf(process.platform === 'win32')(
    'that is mounted by Kubernetes, where a link is swapped',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'patchbay-mount-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      // A file is a link into ..data, which is a link to the folder of a version. Each change makes a new folder and renames the link.
      const mount = (version: string, config: object) => {
        mkdirSync(join(folder, version))
        writeFileSync(join(folder, version, 'patchbay.config.json'), JSON.stringify(config))
        symlinkSync(version, join(folder, '..data_tmp'))
        renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
      }
      mount('..2026_1', providers('one'))
      const file = join(folder, 'patchbay.config.json')
      symlinkSync(join('..data', 'patchbay.config.json'), file)
      const server = await started({}, {}, ['--config', file])
      expect(await models(server)).toEqual(['one'])
      mount('..2026_2', providers('two'))
      rmSync(join(folder, '..2026_1'), { recursive: true })
      await until(() => server.err().includes('was reloaded'))
      expect(await models(server)).toEqual(['two'])
    },
  )
})

it.each(['import', 'require'])('large bodies are read by the package as it is built, by %s', async (how) => {
  const code = `(async () => {
    const { gateway } = ${how === 'import' ? 'await import' : 'require'}('@patchbay/gateway')
    const { loadConfig } = await import('@patchbay/config')
    const { local } = await import('@patchbay/local')
    const own = gateway({ loaded: await loadConfig({ config: {}, user: false }), otherwise: () => local() })
    const body = JSON.stringify({ input: 'x'.repeat(1000000), max_output_tokens: -1 })
    const response = await own.fetch(new Request('http://127.0.0.1/v1/responses', { method: 'POST', body }))
    console.log(response.status, await response.text())
    await own.close()
  })()`
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const { stdout } = spawnSync(process.execPath, ['-e', code], { cwd, encoding: 'utf8' })
  expect(stdout).toMatch(/^400 .*max_output_tokens must be/)
})
