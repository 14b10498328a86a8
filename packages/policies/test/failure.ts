// The one typed error that a call must end with.
import { isLlmError, type LlmError } from '@patchbay/core'

export async function failureOf(work: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await work.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

/** Reads a stream to its end or its error; gives the text of its deltas. */
export async function read(stream: AsyncIterable<{ type: string; text?: string }>): Promise<string> {
  let text = ''
  for await (const event of stream) if (event.type === 'text') text += event.text
  return text
}
