// The gateway in several processes: one count, one model, one configuration and one page of metrics, whichever of them answers.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { command, endOf, hash, key, started, until } from '../../test/gateway-process.js'

type Gateway = Awaited<ReturnType<typeof started>>

interface Answer {
  status: number
  body: string
}

/** One request on a connection of its own, so that any worker may get it. */
async function ask({ url }: { url: string }, path = '/v1/chat/completions', body?: object): Promise<Answer> {
  const messages = [{ role: 'user', content: 'What is the capital of France?' }]
  const isGet = body === undefined && path !== '/v1/chat/completions'
  const request = httpRequest(`${url}${path}`, {
    agent: false,
    method: isGet ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}` },
  })
  request.end(isGet ? undefined : JSON.stringify(body ?? { messages }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode ?? 0, body: text }
}

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make))

/** A service that notes which process calls it, by the header that the configuration adds. */
async function service(answer: (response: ServerResponse) => void = complete) {
  const callers: string[] = []
  const server = createServer((request, response) => {
    callers.push(String(request.headers['x-process']))
    request.resume().on('end', () => answer(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, callers }
}

function complete(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'Hello' }
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'm', choices, usage }))
}

/** A configuration in code, whose provider sends the number of its process. */
function config(baseURL: string, gateway: object = {}, policies: object[] = []) {
  const entry = { use: 'openai', model: 'm', baseURL, api: 'chat', retry: false, policies }
  return {
    'patchbay.config.mjs': `export default {
      providers: { far: { ...${JSON.stringify(entry)}, headers: { 'x-process': String(process.pid) } } },
      gateway: ${JSON.stringify({ drain: 500, ...gateway })} }`,
  }
}

const three = ['--workers', '3']

/** The processes below one, of all generations: their number and command. */
function processesBelow(pid: number | undefined): { pid: number; args: string }[] {
  const lines = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).stdout.split('\n')
  const all = lines.flatMap((line) => {
    const [, own, parent, args] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? []
    return own === undefined ? [] : [{ pid: Number(own), parent: Number(parent), args: args ?? '' }]
  })
  const below = (parent: number | undefined): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
  return below(pid)
}
const workersOf = ({ child }: Gateway) =>
  processesBelow(child.pid).filter(({ args }) => args.includes('--workers'))
const modelsOf = ({ child }: Gateway) =>
  processesBelow(child.pid).filter(({ args }) => args.includes('worker.js'))

const isGone = (pid: number) => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}

describe('requests are spread over all workers', () => {
  it('and the limits and budgets of keys and providers are one count without a Redis', async () => {
    const far = await service()
    const keys = { ann: { hash, limit: { requestsPerMinute: 20 } } }
    const server = await started({}, config(far.url, { keys }), three)
    const statuses: number[] = []
    // The first come one after another, each to the next worker.
    for (let at = 0; at < 6; at++) statuses.push((await ask(server)).status)
    expect(new Set(far.callers)).toEqual(new Set(workersOf(server).map(({ pid }) => String(pid))))
    statuses.push(...(await times(34, () => ask(server))).map(({ status }) => status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(20)
  })

  it('also the limits of providers, budgets included', async () => {
    const far = await service()
    const limits = [{ per: 'day', tokens: 5 * 12 }]
    const policies = [{ budget: { limits } }, { limit: { requestsPerMinute: 30, maxWait: 0 } }]
    const server = await started({}, config(far.url, {}, policies), three)
    // One after another: a running call reserves more than it uses.
    const statuses: number[] = []
    for (let at = 0; at < 15; at++)
      statuses.push(
        (await ask(server, undefined, { max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] })).status,
      )
    expect(new Set(far.callers).size).toBe(3)
    expect(far.callers.length).toBe(statuses.filter((status) => status === 200).length)
    expect(far.callers.length).toBeLessThanOrEqual(12)
    expect(far.callers.length).toBeGreaterThan(6)
    expect(statuses.at(-1)).not.toBe(200)
  })

  it('and a stored response is found by each of them', async () => {
    const far = await service()
    const server = await started({}, config(far.url), three)
    const first = JSON.parse((await ask(server, '/v1/responses', { model: 'far', input: 'Hi' })).body)
    const next = { model: 'far', input: 'And?', previous_response_id: first.id }
    const answers = await times(9, () => ask(server, '/v1/responses', next))
    expect(answers.map(({ status }) => status)).toEqual(Array(9).fill(200))
    expect(new Set(far.callers).size).toBe(3)
  })
})

describe.each([
  ['that no configuration names', {}],
  ['of a configuration', { providers: { own: { use: 'local', parallel: 2, queue: 20 } } }],
])('a local model %s', (_, configuration) => {
  it('runs once, for all workers', async () => {
    const server = await started(configuration, {}, three)
    const answers = await times(12, () => ask(server))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    for (const { body } of answers) expect(body).toContain('The capital of France is Paris.')
    expect(modelsOf(server)).toHaveLength(1)
    const [model] = modelsOf(server)
    // Not even when all the processes that asked for it are replaced.
    for (const { pid } of workersOf(server).slice(0, 2)) process.kill(pid, 'SIGKILL')
    await until(() => server.err().split('Another one starts').length === 3)
    await until(() => workersOf(server).length === 3)
    expect((await ask(server)).body).toContain('Paris')
    expect(modelsOf(server)).toEqual([model])
    const { code } = await endOf(server)
    expect(code).toBe(0)
    expect(isGone(model?.pid as number)).toBe(true)
  })
})

describe('all workers', () => {
  const named = (name: string) => ({
    'patchbay.config.json': JSON.stringify({ providers: { [name]: 'local' }, gateway: { drain: 200 } }),
  })
  const models = async (server: Gateway) => {
    const all = await times(12, () => ask(server, '/v1/models'))
    return [...new Set(all.map(({ body }) => JSON.parse(body).data[0].id))]
  }

  it('follow the configuration, asked by a signal or when its file changes; a wrong one changes none', async () => {
    const server = await started({}, named('one'), three)
    expect(await models(server)).toEqual(['one'])
    server.write(named('two'))
    await until(() => server.err().includes('\n'))
    expect(server.err()).toBe(
      'The configuration was reloaded. Changed: provider one (removed), provider two (new).\n',
    )
    expect(await models(server)).toEqual(['two'])
    server.child.kill('SIGHUP')
    await until(() => server.err().split('\n').length === 3)
    expect(server.err()).toMatch(/was reloaded\.\n$/)
    server.write({ 'patchbay.config.json': '{ "providers": ' })
    await until(() => server.err().includes('was not changed'))
    expect(server.err().match(/was not changed/g)).toHaveLength(1)
    expect(await models(server)).toEqual(['two'])
  })

  it('keep what the gateway itself refuses of a new configuration', async () => {
    const withKeys = {
      ...JSON.parse(named('one')['patchbay.config.json']),
      gateway: { keys: { ann: { hash } } },
    }
    const server = await started(withKeys, {}, three)
    server.write(named('two'))
    await until(() => server.err().includes('\n'))
    expect(server.err()).toMatch(/^The configuration was not changed: config: .*has no keys.*\n$/)
    expect(await models(server)).toEqual(['one'])
  })

  it('finish their running requests at the end, and take no new ones', async () => {
    const open: ServerResponse[] = []
    const far = await service((response) => void open.push(response))
    const server = await started({}, config(far.url, { drain: 20_000 }), three)
    const answers = times(9, () => ask(server))
    await until(() => open.length === 9)
    expect(new Set(far.callers).size).toBe(3)
    const pids = workersOf(server).map(({ pid }) => pid)
    server.child.kill('SIGTERM')
    await until(() => spawnSync('curl', ['-s', '-m', '1', `${server.url}/healthz`]).status !== 0)
    for (const response of open) complete(response)
    expect((await answers).map(({ status }) => status)).toEqual(Array(9).fill(200))
    expect(await server.ended).toBe(0)
    expect(pids.map(isGone)).toEqual([true, true, true])
    expect(server.err()).toBe('')
  })

  it('end in time where a service never answers, and where the primary is killed', async () => {
    const far = await service(() => {})
    const server = await started({}, config(far.url, { drain: 200 }), three)
    const answers = times(3, () => ask(server).catch((error) => error))
    await until(() => far.callers.length === 3)
    const { code, ms } = await endOf(server)
    expect(code).toBe(0)
    expect(ms).toBeLessThan(200 + 2000)
    await answers

    const second = await started({}, named('one'), three)
    expect((await ask(second)).status).toBe(200)
    const pids = [...workersOf(second), ...modelsOf(second)].map(({ pid }) => pid)
    expect(pids).toHaveLength(4)
    second.child.kill('SIGKILL')
    await until(() => pids.every(isGone))
  })
})

it('a worker that dies is replaced and told of; no counter of the metrics goes backwards', async () => {
  const far = await service()
  const server = await started({}, config(far.url), three)
  await times(30, () => ask(server))
  const requests = async () => {
    const { body } = await ask(server, '/metrics')
    return Number(/^patchbay_requests_total\{path="\/v1\/chat\/completions".*\} (\d+)$/m.exec(body)?.[1])
  }
  expect(await requests()).toBe(30)
  const before = workersOf(server).map(({ pid }) => pid)
  for (const [at, pid] of before.entries()) {
    process.kill(pid, 'SIGKILL')
    await until(() => server.err().includes(`(process ${pid}) ended: SIGKILL. Another one starts.`))
    // The others go on, and then the new one serves, too.
    while (new Set(far.callers).size < 4 + at) expect((await ask(server)).status).toBe(200)
    expect(await requests()).toBe(far.callers.length)
  }
  await until(() => workersOf(server).length === 3)
  expect(workersOf(server).filter(({ pid }) => before.includes(pid))).toEqual([])
  expect(server.err().trim().split('\n')).toHaveLength(3)
})

it('a database in a file is written by all of them', async () => {
  const far = await service()
  const keys = { ann: { hash } }
  const files = config(far.url, { keys, database: 'sqlite:gateway.db', drain: 2000 })
  const server = await started({}, files, ['--workers', '4'])
  for (let round = 0; round < 4; round++) await times(50, () => ask(server))
  expect(new Set(far.callers).size).toBe(4)
  const { code } = await endOf(server)
  expect(code).toBe(0)
  expect(server.err()).toBe('')
  // The driver is the gateway's.
  const Database = createRequire(new URL('../../../gateway/package.json', import.meta.url))('libsql')
  const db = new Database(join(server.file, '..', 'gateway.db'))
  expect(db.prepare('select count(*) as rows from patchbay_requests').get()).toMatchObject({ rows: 200 })
  expect(db.prepare('select sum(requests) as requests from patchbay_spend').get()).toMatchObject({
    requests: 200,
  })
  db.close()
})

describe('the start', () => {
  const serve = (...flags: string[]) =>
    spawnSync(process.execPath, [command, 'serve', ...flags], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CONFIG_HOME: '/nonexistent' },
      cwd: '/tmp',
      timeout: 60_000,
    })

  it('fails once, for all workers, with the error and the exit code of one process', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const one = serve('--port', String(port))
    const several = serve('--port', String(port), ...three)
    expect(several.stderr).toContain('is taken')
    expect([several.status, several.stderr, several.stdout]).toEqual([one.status, one.stderr, ''])
  })

  it.each(['0', '1.5', '-2'])('refuses %s workers', (count) => {
    const { status, stderr } = serve('--workers', count)
    expect([status, stderr]).toEqual([2, `--workers must be a whole number from 1, not ${count}.\n`])
  })

  it('refuses more workers than four for each core, where sixteen are always allowed', () => {
    const most = Math.max(16, 4 * availableParallelism())
    const { status, stderr } = serve('--workers', '1000000')
    expect([status, stderr]).toEqual([2, `--workers must be at most ${most} on this machine, not 1000000.\n`])
  })

  it('says what each worker has for itself', async () => {
    const far = await service()
    const policies = [{ cache: {} }, { budget: { limits: [{ per: 'run', tokens: 1000 }] } }]
    const server = await started({}, config(far.url, {}, policies), three)
    await until(() => server.err().includes('\n'))
    expect(server.err()).toBe(
      'Each worker has its own cached answers (far) and its own budget per run (far).\n',
    )
  })

  it('ends when no worker can be started any more, and leaves nothing behind', async () => {
    const server = await started(
      {},
      { 'patchbay.config.json': JSON.stringify({ gateway: { drain: 200 } }) },
      three,
    )
    const pids = workersOf(server).map(({ pid }) => pid)
    server.write({ 'patchbay.config.json': '{' })
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    expect(await server.ended).toBe(3)
    expect(server.err()).toContain('patchbay.config.json')
    expect(workersOf(server)).toEqual([])
  })
})

it('a frozen worker is replaced: after thirty seconds, or when it does not take a new configuration', {
  timeout: 180_000,
}, async () => {
  const far = await service()
  const server = await started({}, config(far.url), three)
  const said = (text: string) =>
    vi.waitFor(() => expect(server.err()).toContain(text), { timeout: 80_000, interval: 50 })
  const freeze = (at: number) => {
    const frozen = workersOf(server).at(at)?.pid as number
    process.kill(frozen, 'SIGSTOP')
    return frozen
  }
  const replaced = (frozen: number) => until(() => workersOf(server).length === 3 && isGone(frozen))
  const forLong = freeze(-1)
  await said(`(process ${forLong}) ended: it was frozen for 30 seconds, and was killed. Another one starts.`)
  await replaced(forLong)
  // Also the one that is asked first.
  for (const at of [0, -1]) {
    const frozen = freeze(at)
    server.child.kill('SIGHUP')
    await said(`(process ${frozen}) did not reload, and is replaced: it has not answered in 10 seconds.`)
    await replaced(frozen)
  }
  await until(() => server.err().match(/The configuration was reloaded/g)?.length === 2)
  expect(server.err()).not.toContain('was not changed')
})
