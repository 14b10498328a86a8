// The compose example of `deploy/`: its files fit together, and its two gateways, as processes with a real Redis, count as one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parse } from 'yaml'
import { freePort, hasRedis, startRedis } from '../../../../packages/policies/test/redis.js'

const deploy = fileURLToPath(new URL('../../../../deploy/', import.meta.url))
const read = (path: string) => readFileSync(join(deploy, path), 'utf8')
const { services } = parse(read('compose.yaml'), { merge: true })
const configuration = read('config/patchbay.config.yaml')
const gateways = Object.keys(services).filter((name) => name.startsWith('gateway'))
const command = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

const hasProxy = spawnSync('haproxy', ['-v']).status === 0
if (!hasProxy) process.stderr.write('Skipped: tests with haproxy, which is not installed.\n')

describe('the compose example', () => {
  it('has two gateways with the same configuration, mounted as a folder where the image looks for it', () => {
    expect(gateways).toHaveLength(2)
    const [one, other] = gateways.map((name) => services[name])
    expect(one).toEqual(other)
    const [from, to] = one.volumes[0].split(':')
    expect(read(join(from, 'patchbay.config.yaml'))).toContain('gateway:')
    expect(read('Dockerfile')).toContain(`"--config", "${to}/patchbay.config.yaml"`)
    expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })

  it('names what is there: the Redis of the configuration, and both gateways in the proxy', () => {
    expect(services).toHaveProperty([new URL(parse(configuration).shared).hostname])
    const targets = [...read('haproxy.cfg').matchAll(/^ {2}server (\S+) (\S+):8787$/gm)]
    expect(targets.map(([, name, host]) => [name, host])).toEqual(gateways.map((name) => [name, name]))
    expect(services.proxy.depends_on).toEqual(gateways)
  })

  it('gives what runs more time to finish than the gateway takes', () => {
    const { drain = 30_000, drainDelay } = parse(configuration).gateway
    for (const name of gateways)
      expect(Number.parseInt(services[name].stop_grace_period, 10)).toBeGreaterThan(
        (drain + drainDelay) / 1000 + 2,
      )
  })

  it('keeps budgets: its Redis saves, and refuses to write rather than forget', () => {
    const line = services.redis.command.join(' ')
    expect(line).toContain('--appendonly yes')
    expect(line).toContain('--maxmemory-policy noeviction')
    expect(services.redis.volumes).toEqual(['redis:/data'])
  })
})

const headers = { authorization: 'Bearer pb-example', 'content-type': 'application/json' }
const body = JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 })

/** Starts a gateway with the configuration of the example, and returns its address and process. */
async function startGateway(redis: string, limit: number): Promise<{ url: string; child: ChildProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-compose-'))
  mkdirSync(join(folder, 'home'))
  const file = join(folder, 'patchbay.config.yaml')
  const changed = configuration
    .replace('redis://redis:6379', redis)
    .replace('requestsPerMinute: 60', `requestsPerMinute: ${limit}`)
  writeFileSync(file, changed)
  const child = spawn(
    process.execPath,
    [command, 'serve', '--port', '0', '--host', '0.0.0.0', '--config', file],
    {
      cwd: folder,
      env: { ...process.env, XDG_CONFIG_HOME: join(folder, 'home'), PATCHBAY_PROVIDER: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  await vi.waitFor(() => expect(out).toMatch(/:\d+\n/), { timeout: 60_000, interval: 20 })
  return { url: `http://127.0.0.1:${/:(\d+)\n/.exec(out)?.[1]}`, child }
}

const ask = async (url: string) => {
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })
  await response.text()
  return response.status
}

describe.skipIf(!hasRedis)('two gateways of the example', () => {
  it('count the requests of a key together', { timeout: 120_000 }, async () => {
    const redis = await startRedis(await freePort())
    onTestFinished(() => redis.stop())
    const [one, other] = await Promise.all([startGateway(redis.url, 2), startGateway(redis.url, 2)])
    expect([await ask(one.url), await ask(other.url)]).toEqual([200, 200])
    expect([await ask(one.url), await ask(other.url)]).toEqual([429, 429])
  })

  it.skipIf(!hasProxy)(
    'lose no request behind the proxy of the example while one of them ends',
    { timeout: 180_000 },
    async () => {
      const redis = await startRedis(await freePort())
      onTestFinished(() => redis.stop())
      const running = await Promise.all([startGateway(redis.url, 6000), startGateway(redis.url, 6000)])
      const port = await freePort()
      const folder = mkdtempSync(join(tmpdir(), 'patchbay-haproxy-'))
      const file = join(folder, 'haproxy.cfg')
      const hosts = running.map(({ url }) => new URL(url).host)
      const text = gateways.reduce(
        (all, name, index) => all.replace(`${name}:8787`, hosts[index] as string),
        read('haproxy.cfg').replace('bind :8787', `bind 127.0.0.1:${port}`),
      )
      writeFileSync(file, text)
      const proxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
      onTestFinished(() => {
        proxy.kill('SIGKILL')
        rmSync(folder, { recursive: true })
      })
      const url = `http://127.0.0.1:${port}`
      await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), {
        timeout: 20_000,
      })
      const [first] = running
      const ended = new Promise((resolve) => first?.child.once('exit', resolve))
      first?.child.kill('SIGTERM')
      let isOver = false
      void ended.then(() => {
        isOver = true
      })
      const statuses = new Set<number>()
      let after = 0
      while (after < 3) {
        statuses.add(await ask(url))
        if (isOver) after++
      }
      expect([...statuses]).toEqual([200])
    },
  )
})
