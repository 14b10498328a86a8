// Shared parts of the benchmarks: paths, machine name, medians and percentiles, and the report of a run.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** A path inside this package. */
export function at(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** The path of a plot, in the guide. */
export function plotAt(name: string): string {
  return at(`../docs/plots/${name}.svg`)
}

/** Prints the table of a run, and writes it (the guide includes it) and the raw figures to `results`. */
export function writeReport(name: string, figures: unknown, lines: string[]): void {
  const page = `${lines.join('\n')}\n`
  process.stdout.write(page)
  mkdirSync(at('results'), { recursive: true })
  writeFileSync(at(`results/${name}.md`), page)
  writeFileSync(at(`results/${name}.json`), `${JSON.stringify({ machine: machine(), figures })}\n`)
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
