// The table of what `npm run fuzz:requests -- --write` found: the last run of each target, in fuzz/README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { targets } from './targets.js'

/** One run of one target. */
export interface Run {
  /** Conversations. */
  runs: number
  /** Requests to the target. */
  asked: number
  /** Those that the service answered; the rest were refused before the wire. */
  accepted: number
  /** Rules that requests broke, and refusals that could have been warnings. */
  broken: number
  seed: number
}

// npm starts scripts in the root of the repository.
const file = 'fuzz/README.md'

/** Replaces the row of a target, or adds it: rows are in the order of the targets. */
export function writeRun(target: string, { runs, asked, accepted, broken, seed }: Run): void {
  const text = readFileSync(file, 'utf8')
  const day = new Date().toISOString().slice(0, 10)
  const row = `| ${target} | ${runs} | ${asked} | ${accepted} | ${broken} | ${seed} | ${day} |`
  const lines = text.trimEnd().split('\n')
  const head = lines.findIndex((line) => line.startsWith('| ---')) + 1
  const rows = new Map(lines.slice(head).map((line) => [line.split(' | ')[0]?.slice(2), line]))
  rows.set(target, row)
  const ordered = Object.keys(targets).flatMap((name) => rows.get(name) ?? [])
  writeFileSync(file, `${[...lines.slice(0, head), ...ordered].join('\n')}\n`)
}
