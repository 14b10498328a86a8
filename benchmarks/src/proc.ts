// CPU time and memory of a process and its children, as Linux counts them.
import { readdirSync, readFileSync } from 'node:fs'

/** A process and its children. */
function processesOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = all.flatMap((name) => {
    try {
      return [[Number(name), Number(statOf(Number(name))[1])]]
    } catch {
      return []
    }
  })
  const family = [pid]
  for (const member of family)
    for (const [child, parent] of parents) if (parent === member && child !== undefined) family.push(child)
  return family
}

/** What follows the name of the process: state, parent, … Source: man 5 proc_pid_stat. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Seconds. The kernel counts in hundredths. */
export function cpuOf(pid: number): number {
  const ticks = processesOf(pid).map((pid) => Number(statOf(pid)[11]) + Number(statOf(pid)[12]))
  return ticks.reduce((sum, one) => sum + one, 0) / 100
}

/** Megabytes. */
export function memoryOf(pid: number): number {
  const pages = processesOf(pid).map((pid) =>
    Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]),
  )
  return (pages.reduce((sum, one) => sum + one, 0) * 4096) / 2 ** 20
}
