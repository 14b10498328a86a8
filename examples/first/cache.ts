// At most four calls at a time, and no question is asked twice.
import { openai } from '@patchbay/openai'
import { cache, limit, pipe } from '@patchbay/policies'

async function main() {
  const llm = pipe(openai('gpt-5.6-sol'), limit({ concurrency: 4 }), cache())
  const first = await llm.chat('What is the capital of France?')
  const second = await llm.chat('What is the capital of France?')
  console.log(second.text, first.id === second.id)
}
void main()
