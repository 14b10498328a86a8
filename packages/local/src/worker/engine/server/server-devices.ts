// GPUs of a llama-server: which ones it has, and the arguments that choose among them.
import { text } from 'node:stream/consumers'
import type { LoadSettings } from '../../../supervisor/protocol.js'
import { JobError } from '../../failure.js'
import { spawnGuarded } from './guarded-spawn.js'
import { serverEnvironment } from './server-environment.js'

/** How a server uses GPUs. */
export interface ServerDevices {
  /** The kind of GPU in use, or `false` for the CPU. */
  gpu: string | false
  args: string[]
}

/** Names of devices by the kinds that `gpu` has. */
const kinds = { cuda: /^(CUDA|ROCm)\d/, vulkan: /^Vulkan\d/, metal: /^(MTL|Metal)\d?/ }

/**
 * The devices for the setting `gpu`.
 * @throws {JobError} `model-load` for a kind that this server does not have
 */
export async function chooseDevices(
  program: string,
  { gpu, gpuLayers }: Pick<LoadSettings, 'gpu' | 'gpuLayers'>,
): Promise<ServerDevices> {
  const cpu: ServerDevices = { gpu: false, args: ['--device', 'none', '--gpu-layers', '0'] }
  if (gpu === false) return cpu
  const all = await listDevices(program)
  const chosen = gpu === 'auto' ? all : all.filter((name) => kinds[gpu].test(name))
  if (chosen.length === 0 && gpu !== 'auto')
    throw new JobError(
      'model-load',
      `This llama-server has no device for gpu: '${gpu}'; it has ${all.join(', ') || 'none'}. Install a build with ${gpu}, or set gpu: 'auto'.`,
    )
  const [first] = chosen
  if (first === undefined) return cpu
  return {
    gpu: Object.entries(kinds).find(([, name]) => name.test(first))?.[0] ?? first,
    args: [
      ...(gpu === 'auto' ? [] : ['--device', chosen.join(',')]),
      ...(gpuLayers === undefined ? [] : ['--gpu-layers', String(gpuLayers)]),
    ],
  }
}

/** The names that `--list-devices` prints, each indented and with a colon; none if the program cannot do it. */
async function listDevices(program: string): Promise<string[]> {
  try {
    const { child, stop } = await spawnGuarded(program, ['--list-devices'], {
      env: serverEnvironment(),
      stdout: 'pipe',
    })
    child.stderr.resume()
    const timer = setTimeout(stop, 30_000)
    const printed = child.stdout === null ? '' : await text(child.stdout)
    clearTimeout(timer)
    await stop()
    return [...printed.matchAll(/^ +([A-Za-z]+\d*): /gm)].map(([, name = '']) => name)
  } catch {
    return []
  }
}
