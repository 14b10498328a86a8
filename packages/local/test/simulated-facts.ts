// Facts of simulated workers: a loaded model, and the ways in which a process ends.
import type { ProcessExit } from '../src/errors.js'
import type { ReadyInfo } from '../src/supervisor/protocol.js'

export const info: ReadyInfo = {
  contextSize: 64,
  parallel: 2,
  threads: 1,
  batchSize: 8,
  gpu: false,
  gpuLayers: 0,
  memory: { weights: 1, context: 1, available: 9 },
  tools: false,
  thinks: false,
  infills: false,
  vision: false,
  audio: false,
  restored: 0,
  why: [],
  loadMs: 1,
}

export const killed: ProcessExit = { code: null, signal: 'SIGKILL', hung: false, stderr: '' }
export const ended: ProcessExit = { code: 0, signal: null, hung: false, stderr: '' }
