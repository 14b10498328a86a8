// Stop an answer in the middle, and after ten seconds in any case; what was said stays.
import { isLlmError } from '@patchbay/core'
import { openai } from '@patchbay/openai'

async function main() {
  const stop = new AbortController()
  const stream = openai('gpt-5.6-sol').stream('Count.', { signal: stop.signal, timeout: 10_000 })
  let shown = ''
  try {
    for await (const text of stream.text) {
      shown += text
      if (shown.includes('three')) stop.abort()
    }
  } catch (error) {
    if (!isLlmError(error, 'aborted')) throw error
    console.log(shown, '(stopped)')
  }
}
void main()
