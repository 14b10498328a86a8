// Response bodies as bytes, piece by piece while they arrive.
import { LlmError } from '../../contract/errors.js'
import { connectionLost } from './connection-error.js'

/**
 * The pieces of a response's body. Leaving the loop before the end cancels the body.
 * @throws {LlmError} `network` if the connection breaks, also if the body ends before its `content-length`
 */
export async function* bodyBytes(response: Response): AsyncGenerator<Uint8Array, void> {
  const { body, headers } = response
  if (body === null) return
  // A `fetch` of the app's own may not check it. Of a compressed body, it counts other bytes.
  const declared = headers.has('content-encoding')
    ? Number.NaN
    : Number(headers.get('content-length') ?? 'none')
  const reader = body.getReader()
  let received = 0
  let finished = false
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw connectionLost(cause)
      })
      finished = done
      if (done) break
      received += value.length
      yield value
    }
  } finally {
    if (!finished) void reader.cancel().catch(() => {})
  }
  if (received < declared)
    throw new LlmError('network', `The answer ended after ${received} of ${declared} bytes. Try again.`)
}
