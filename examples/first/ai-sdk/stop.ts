// Stop an answer in the middle, and after ten seconds in any case; what was said stays.
import { openai } from '@ai-sdk/openai'
import { streamText } from 'ai'

async function main() {
  const stop = new AbortController()
  const stream = streamText({
    model: openai('gpt-5.6-sol'),
    prompt: 'Count.',
    abortSignal: stop.signal,
    timeout: 10_000,
    onError: ({ error }) => console.error(error),
  })
  let shown = ''
  for await (const text of stream.textStream) {
    shown += text
    if (shown.includes('three')) stop.abort()
  }
  // The loop ends without an error.
  if (stop.signal.aborted) console.log(shown, '(stopped)')
}
void main()
