// Model of the local benchmarks: random weights, large enough that memory matters.
import { existsSync, mkdirSync } from 'node:fs'
import { writeRandomModel } from '../../packages/local/test/random-model.js'
import { at } from './report.js'

/** Writes it where it is not there yet, and gives its path. */
export function randomModel(): string {
  mkdirSync(at('.cache'), { recursive: true })
  const path = at('.cache/random-100mb.gguf')
  if (existsSync(path)) return path
  return writeRandomModel(path, {
    layers: 12,
    width: 768,
    heads: 12,
    feedForward: 2304,
    type: 'q8_0',
    context: 4096,
  })
}
