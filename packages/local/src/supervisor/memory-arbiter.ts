// Memory shared by the models of one app: who was used least recently makes room for who is wanted now.

/** A model that has memory, or wants it. */
export interface Resident {
  /** When it last had work, by `performance.now()`. */
  readonly usedAt: number
  /** When it could begin to work with it. */
  readonly since: number
  /** It has work. */
  readonly busy: boolean
  /** Takes no new work, and gives its memory back when the work it is at is done; `false` if it cannot now. */
  leave(): boolean
}

/** How long a busy model keeps its memory while another waits for it, in milliseconds: loading costs too. */
const turnMs = 10_000

const residents = new Map<Resident, number>()
let line: Promise<unknown> = Promise.resolve()
const listeners = new Set<() => void>()

/** Something about a resident has changed that those who wait may want to know. */
export function changed(): void {
  for (const listener of [...listeners]) listener()
}

/** Its memory is free again. */
export function gaveBack(resident: Resident): void {
  if (residents.delete(resident)) changed()
}

/** The bytes of all models that are loaded, or being loaded. */
export function bytesInUse(): number {
  return [...residents.values()].reduce((sum, bytes) => sum + bytes, 0)
}

/**
 * Waits until these bytes fit into the budget beside what the others hold; whoever came first gets them first. `false`
 * when they are not wanted any more before that; `changed` makes it look.
 */
export function makeRoom(
  resident: Resident,
  bytes: number,
  budget: number,
  wanted: () => boolean,
): Promise<boolean> {
  const granted = line.then(() => wait(resident, bytes, budget, wanted))
  line = granted
  return granted
}

async function wait(
  resident: Resident,
  bytes: number,
  budget: number,
  wanted: () => boolean,
): Promise<boolean> {
  while (wanted()) {
    if (bytesInUse() + bytes <= budget) {
      residents.set(resident, bytes)
      return true
    }
    const now = performance.now()
    const others = [...residents.keys()].sort(
      (a, b) => Number(a.busy) - Number(b.busy) || a.usedAt - b.usedAt,
    )
    const had = (other: Resident) => !other.busy || now - other.since >= turnMs
    const going = others.some((other) => had(other) && other.leave())
    await change(going ? [] : others)
  }
  return false
}

/** Until something has changed, or one of them has had its turn. */
function change(others: Resident[]): Promise<void> {
  return new Promise((resolve) => {
    const ends = others.map(({ since }) => since + turnMs - performance.now()).filter((ms) => ms > 0)
    const timer = ends.length > 0 ? setTimeout(changed, Math.min(...ends)) : undefined
    const listener = (): void => {
      clearTimeout(timer)
      listeners.delete(listener)
      resolve()
    }
    listeners.add(listener)
  })
}
