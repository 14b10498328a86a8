// Mailbox: a Redis stream with the letters for one process, read over a connection of its own. Streams keep what comes while a
// connection is broken, so nothing is lost, and nothing comes twice.
import type { Connection } from './connection.js'

/** A letter: of which call it is, what kind it is, and its content. */
export interface Letter {
  call: string
  kind: string
  body: string
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
        receive({ call: fields[1] ?? '', kind: fields[3] ?? '', body: fields[5] ?? '' })
      }
      // Before the next read, in the same connection, and not waited for.
      if (entries.length > 0) redis.xtrim(key, 'MINID', afterId(last)).catch(() => {})
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
