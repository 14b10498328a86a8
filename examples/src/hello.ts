// The smallest whole program: one question, streamed.
import { local } from '@patchbay/local'

const llm = local()
for await (const text of llm.stream('What is the capital of France?').text) process.stdout.write(text)
process.stdout.write('\n')
await llm.close()
