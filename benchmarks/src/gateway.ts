// Overhead of a gateway: added latency, and throughput per core, beside Portkey's gateway and LiteLLM's proxy, which are
// installed beside this repository, and a bare proxy as the floor. All over one service that answers at once.
//   node scripts/run-ts.mjs benchmarks/src/gateway.ts [--seconds 5] [--rounds 3]
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundled } from './bundle.js'
import type { Came, Load } from './gateway-load.js'
import { plotBars } from './plot.js'
import { cpuOf, memoryOf } from './proc.js'
import { at, machine, median, percentile, plotAt, writeReport } from './report.js'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '3' } },
})
const ms = Number(values.seconds) * 1000
const rounds = Number(values.rounds)
const portkey = '1.15.2'
const litellm = '1.108.7'

/** A gateway that runs. */
interface Running {
  child: ChildProcess
  url: string
  headers?: Record<string, string>
}

interface Figures {
  addedP50Ms: number
  addedP99Ms: number
  requestsPerSecond: number
  requestsPerCpuSecond: number
  tokensPerSecond: number
  tokensPerCpuSecond: number
  openStreams: number
  memoryMb: number
}

mkdirSync(at('.cache'), { recursive: true })
for (const name of ['gateway-upstream', 'gateway-bare', 'gateway-load', 'gateway-patchbay'])
  await bundled(name)
const children: ChildProcess[] = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** One that says its address in its first line. */
async function started(name: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [at(`.cache/${name}.mjs`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return { child, url }
}

const upstream = await started('gateway-upstream')

async function startPortkey(): Promise<Running | string> {
  const folder = at('.cache/portkey')
  if (!existsSync(`${folder}/node_modules`)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      `${folder}/package.json`,
      JSON.stringify({ private: true, dependencies: { '@portkey-ai/gateway': portkey } }),
    )
    const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) return 'it cannot be installed'
  }
  const port = await freePort()
  const child = spawn(
    process.execPath,
    ['node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  )
  children.push(child)
  const headers = {
    authorization: 'Bearer none',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream.url}/v1`,
  }
  return answering({ child, url: `http://127.0.0.1:${port}`, headers })
}

async function startLitellm(): Promise<Running | string> {
  const folder = at('.cache/litellm')
  if (!existsSync(`${folder}/bin/litellm`)) {
    if (spawnSync('python3', ['--version']).status !== 0) return 'there is no python3'
    spawnSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 2, 2] })
    const { status } = spawnSync(`${folder}/bin/pip`, ['install', '-q', `litellm[proxy]==${litellm}`], {
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) return 'it cannot be installed'
  }
  const port = await freePort()
  const models = ['plain', 'stream', 'hold'].map(
    (name) =>
      `  - model_name: ${name}\n    litellm_params:\n      model: openai/${name}\n      api_base: ${upstream.url}/v1\n      api_key: none\n`,
  )
  // Without retries it answers 500 whenever the service has just closed a kept connection.
  const settings = 'general_settings:\n  master_key: sk-bench\nrouter_settings:\n  num_retries: 2\n'
  writeFileSync(`${folder}/config.yaml`, `model_list:\n${models.join('')}${settings}`)
  const child = spawn(
    `${folder}/bin/litellm`,
    [
      '--config',
      `${folder}/config.yaml`,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--num_workers',
      '1',
    ],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        ...process.env,
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        LITELLM_TELEMETRY: 'False',
        LITELLM_LOG: 'ERROR',
      },
    },
  )
  children.push(child)
  return answering({ child, url: `http://127.0.0.1:${port}`, headers: { authorization: 'Bearer sk-bench' } })
}

async function answering(running: Running): Promise<Running | string> {
  for (let tries = 0; tries < 240; tries++) {
    const { failed } = await load(running, 'latency', 1, 1)
    if (failed === 0) return running
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return 'it does not answer'
}

/** Loads it, and looks at it while the load is there. */
async function load(
  { url, headers = {} }: Running,
  kind: Load['kind'],
  callers: number,
  amount: number,
  look: () => void = () => {},
): Promise<Came> {
  const models = { plain: 'plain', stream: 'stream', hold: 'hold' }
  const given: Load = { kind, url, headers, models, callers, amount }
  const child = spawn(process.execPath, [at('.cache/gateway-load.mjs'), JSON.stringify(given)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  look()
  child.stdin.end()
  await new Promise((resolve) => child.once('close', resolve))
  return JSON.parse(line)
}

async function measured(running: Running, direct: number[]): Promise<Partial<Figures>> {
  const { times = [], failed, why } = await load(running, 'latency', 1, 500)
  if (failed > 0) process.stderr.write(`${failed} of 500 calls failed: ${why}\n`)
  const under = async (kind: 'requests' | 'stream', what: 'calls' | 'tokens') => {
    const before = cpuOf(running.child.pid ?? 0)
    const came = await load(running, kind, 16, ms)
    if (came.failed > 0) process.stderr.write(`${kind}: ${came.failed} failed: ${came.why}\n`)
    const cpu = cpuOf(running.child.pid ?? 0) - before
    return came.calls === 0
      ? undefined
      : { perSecond: came[what] / (came.ms / 1000), perCpuSecond: came[what] / cpu }
  }
  const requests = await under('requests', 'calls')
  const tokens = await under('stream', 'tokens')
  let memoryMb = 0
  const held = await load(running, 'hold', 1000, 20_000, () => {
    memoryMb = memoryOf(running.child.pid ?? 0)
  })
  return {
    addedP50Ms: percentile(times, 0.5) - percentile(direct, 0.5),
    addedP99Ms: percentile(times, 0.99) - percentile(direct, 0.99),
    ...(requests && { requestsPerSecond: requests.perSecond, requestsPerCpuSecond: requests.perCpuSecond }),
    ...(tokens && { tokensPerSecond: tokens.perSecond, tokensPerCpuSecond: tokens.perCpuSecond }),
    openStreams: held.calls,
    memoryMb,
  }
}

const gateways: [name: string, start: () => Promise<Running | string>][] = [
  ['a bare proxy (the floor)', () => started('gateway-bare', upstream.url)],
  ['@patchbay/gateway', () => started('gateway-patchbay', upstream.url)],
  [`@portkey-ai/gateway ${portkey}`, startPortkey],
  [`LiteLLM proxy ${litellm}, one worker`, startLitellm],
]
const results: Record<string, Partial<Figures>[]> = {}
for (let round = 0; round < rounds; round++) {
  await load(upstream, 'requests', 16, 2000)
  const { times: direct = [] } = await load(upstream, 'latency', 1, 500)
  for (const [name, start] of gateways) {
    const running = await start()
    if (typeof running === 'string') {
      if (round === 0) process.stderr.write(`${name} is left out: ${running}.\n`)
      continue
    }
    // The same warm-up for all.
    await load(running, 'requests', 16, 2000)
    await load(running, 'stream', 16, 2000)
    results[name] = [...(results[name] ?? []), await measured(running, direct)]
    running.child.kill()
    process.stderr.write('.')
  }
}
process.stderr.write('\n')

const columns: [figure: keyof Figures, title: string, digits: number][] = [
  ['addedP50Ms', 'added p50, ms', 2],
  ['addedP99Ms', 'added p99, ms', 2],
  ['requestsPerSecond', 'requests/s', 0],
  ['requestsPerCpuSecond', 'requests/s a core', 0],
  ['tokensPerSecond', 'streamed tokens/s', 0],
  ['tokensPerCpuSecond', 'streamed tokens/s a core', 0],
  ['openStreams', 'of 1,000 streams open', 0],
  ['memoryMb', 'memory then, MB', 0],
]
const lines = [
  `${machine()}; 16 callers, ${values.seconds} s a load, a stream of 500 tokens, a packet each; medians of ${rounds} rounds in turn. A core is a second of CPU time of the gateway's processes.`,
  '',
  `| | ${columns.map(([, title]) => title).join(' | ')} |`,
  `|---|${columns.map(() => '---|').join('')}`,
  ...Object.entries(results).map(([name, all]) => {
    const cells = columns.map(([figure, , digits]) => {
      const known = all.flatMap((one) => one[figure] ?? [])
      return known.length === 0 ? '–' : median(known).toLocaleString('en', { maximumFractionDigits: digits })
    })
    return `| ${name} | ${cells.join(' | ')} |`
  }),
]
writeReport('gateway', results, lines)
const short: Record<string, string> = Object.fromEntries(
  Object.keys(results).map((name) => [
    name,
    name.replace(/^@|-ai| proxy|,.*| [\d.]+$/g, '').replace('a bare (the floor)', 'floor'),
  ]),
)
const panels: [figure: keyof Figures, title: string][] = [
  ['addedP50Ms', 'added latency p50, ms'],
  ['requestsPerCpuSecond', 'requests/s a core'],
  ['tokensPerCpuSecond', 'streamed tokens/s a core'],
  ['memoryMb', 'MB, 1,000 streams open'],
]
plotBars(
  panels.map(([figure, title]) => ({
    title,
    bars: Object.entries(results).map(([name, all]) => {
      const known = all.flatMap((one) => one[figure] ?? [])
      const fits = figure !== 'memoryMb' || all.every(({ openStreams }) => openStreams === 1000)
      return { name: short[name] ?? name, value: known.length > 0 && fits ? median(known) : undefined }
    }),
  })),
  plotAt('gateway'),
)
process.exit(0)

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
