// Many callers, one worker: a bounded queue, handles that share it, callers that cancel.
import { isLlmError } from '@patchbay/core'
import { local } from '@patchbay/local'

const llm = local({ queue: 10, parallel: 2 })
await llm.chat('hello')

const outcomes = await Promise.all(
  Array.from({ length: 20 }, async () => {
    const handle = llm.share()
    try {
      return (await handle.chat('What is the capital of Peru?', { timeout: 30_000 })).text
    } catch (error) {
      return isLlmError(error) ? error.code : 'a bug'
    } finally {
      await handle.close()
    }
  }),
)
const tally: Record<string, number> = {}
for (const outcome of outcomes) tally[outcome] = (tally[outcome] ?? 0) + 1
console.log(tally)
await llm.close()
