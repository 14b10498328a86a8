// The gateways of the benchmark as processes: ours, a bare proxy, and peers that are installed beside this repository; and their load.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Came, Load } from './gateway-load.js'
import { at } from './report.js'

export const portkey = '1.15.2'
export const litellm = '1.108.7'

/** A gateway that runs. */
export interface Running {
  child: ChildProcess
  url: string
  headers?: Record<string, string>
}

const children: ChildProcess[] = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** One that says its address in its first line. */
export async function started(name: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [at(`.cache/${name}.mjs`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return { child, url }
}

/** Portkey's gateway over a service, or why there is none. */
export async function startPortkey(upstream: Running): Promise<Running | string> {
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

/** LiteLLM's proxy over a service, or why there is none. */
export async function startLitellm(upstream: Running): Promise<Running | string> {
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
  const models = ['plain', 'stream', 'burst', 'hold'].map(
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
export async function load(
  { url, headers = {} }: Running,
  kind: Load['kind'],
  callers: number,
  amount: number,
  look: () => void = () => {},
): Promise<Came> {
  const models = { plain: 'plain', stream: 'stream', burst: 'burst', hold: 'hold' }
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
