// Time limit for work that cannot be stopped: the caller goes on without its result.
import { LlmError } from '@patchbay/core'

/**
 * The result of the work, if it comes within `ms` milliseconds.
 * @throws {LlmError} `timeout`, or what the work throws
 */
export async function withDeadline<T>(ms: number, work: Promise<T>): Promise<T> {
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
