// Mailbox: a Redis stream with the letters for one process, read over a connection of its own. Streams keep what comes while a
// connection is broken, so nothing is lost. After a failover, a letter may be missing or come again: who reads them counts.
import type { Connection } from './connection.js'

/** A letter: of which call it is, what kind it is, its content, and which part of which attempt that is. */
export interface Letter {
  call: string
  kind: string
  body: string
  /** The attempt's token; empty if it is of none. */
  attempt: string
  /** Parts of an attempt are counted from 1. */
  number: number
}

// How long one read waits, in milliseconds.
const blockMs = 2000

/** Reads the letters of a mailbox until `stop` says so. Letters that were read are deleted. */
export async function readMailbox(
  redis: Connection,
  key: string,
  receive: (letter: Letter) => void,
  stopped: () => boolean,
): Promise<void> {
  let last = '0'
  while (!stopped()) {
    try {
      const read = await redis.xread('COUNT', 256, 'BLOCK', blockMs, 'STREAMS', key, last)
      const entries = read?.[0]?.[1] ?? []
      for (const [id, fields] of entries) {
        last = id
        const [, call = '', , kind = '', , body = '', , attempt = '', , number = '0'] = fields
        receive({ call, kind, body, attempt, number: Number(number) })
      }
      // Before the next read, in the same connection, and not waited for. Nothing is older then; but the clock of a new primary may be
      // behind that of the last one, and so may be the ids it gives.
      if (entries.length === 0) last = '0'
      else redis.xtrim(key, 'MINID', afterId(last)).catch(() => {})
    } catch {
      // The connection opens again by itself. Whether that takes too long is the heartbeat's to decide.
      if (!stopped()) await new Promise((resolve) => setTimeout(resolve, 100).unref())
    }
  }
}

/** The smallest id after this one. */
function afterId(id: string): string {
  const [time, number] = id.split('-')
  return `${time}-${Number(number) + 1}`
}
