// What the benchmarks share: where things lie, the machine's name, medians and percentiles.
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** A path inside this package. */
export function at(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** The day, the machine and the runtime. */
export function machine(): string {
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
}

/** The number under which this share of them lies, from 0 to 1. */
export function percentile(numbers: number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(numbers: number[]): number {
  return percentile(numbers, 0.5)
}
