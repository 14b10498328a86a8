// An app that calls through a queue and closes nothing. With `hang` it waits for ever, and prints when its call is in the queue.
import { queue } from '../src/index.js'

const [redis = '', name = '', what = 'answer'] = process.argv.slice(2)
const llm = queue(name, { redis, lease: 1000 })
const { text } = await llm.chat(what, {
  onStatus: ({ type }) => void (what !== 'answer' && process.stdout.write(`${type}\n`)),
})
process.stdout.write(`${text}\n`)
