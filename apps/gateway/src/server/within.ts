// A limit for work that cannot be stopped: whoever waits for it goes on without it.
import { LlmError } from '@patchbay/core'

/**
 * What comes of the work, if it comes within so many milliseconds.
 * @throws {LlmError} `timeout`; what the work throws
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LlmError('timeout', `Nothing came within ${ms} ms.`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
