// Local models that another process owns: the whole contract, one queue and one worker for all, and what a process leaves behind.
import { describeProvider } from '@patchbay/testing'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { waitUntil } from '../../test/fixtures.js'
import {
  type LocalModelOwner,
  type LocalProvider,
  local,
  localModelOwner,
  useLocalModelOwner,
} from '../index.js'

const owner: LocalModelOwner = localModelOwner()

/** Connects this process to the owner as if it were another one: messages are JSON, and come later. */
function connected() {
  let isOpen = true
  const later = (deliver: () => void) => void setImmediate(() => isOpen && deliver())
  const connection = owner.connect((message) => {
    const text = JSON.stringify(message)
    later(() => receive(JSON.parse(text)))
  })
  const receive = useLocalModelOwner((message) => {
    const text = JSON.stringify(message)
    later(() => connection.receive(JSON.parse(text)))
  })
  return {
    /** The process dies. */
    die() {
      isOpen = false
      connection.close()
    },
  }
}

/** A handle of a process of its own. Its options make models of different tests different. */
function handle(queue: number): { llm: LocalProvider; die(): void } {
  const { die } = connected()
  const llm = local({ cacheDir: false, parallel: 1, queue })
  onTestFinished(async () => {
    die()
  })
  return { llm, die }
}

beforeAll(() => void connected())

describeProvider('local, owned by another process', () => local())

const long = {
  messages: 'What is the capital of France?',
  maxOutputTokens: 200,
  providerOptions: { local: {} },
}

it('processes with equal options share one worker, and others have another one', async () => {
  const [one, two, other] = [handle(7), handle(7), handle(8)]
  const answers = await Promise.all(
    [one, two, other].map(({ llm }) => llm.chat('What is the capital of France?')),
  )
  expect(answers.map(({ text }) => text)).toEqual(Array(3).fill('The capital of France is Paris.'))
  await waitUntil(() => [one, two, other].every(({ llm }) => llm.stats().pid !== undefined))
  expect(two.llm.stats().pid).toBe(one.llm.stats().pid)
  expect(other.llm.stats().pid).not.toBe(one.llm.stats().pid)
  expect(one.llm.stats().handles).toBe(2)
})

it('the bound of the queue holds for all processes together', async () => {
  const [one, two] = [handle(1), handle(1)]
  const calls = [one, two, one, two].map(({ llm }) => llm.chat(long))
  const outcomes = await Promise.allSettled(calls)
  const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  expect(failed.map(({ code }) => code)).toEqual(['queue-full', 'queue-full'])
})

it('a process that dies leaves no calls and no handles behind, and the model ends with the last one', async () => {
  const [one, two] = [handle(3), handle(3)]
  await one.llm.chat('Hi')
  const { pid } = one.llm.stats()
  void two.llm.chat(long).catch(() => {})
  void two.llm.chat(long).catch(() => {})
  two.die()
  expect((await one.llm.chat('What is the capital of France?')).text).toBe('The capital of France is Paris.')
  await waitUntil(() => one.llm.stats().handles === 1 && one.llm.stats().queued === 0)
  one.die()
  await waitUntil(() => {
    try {
      return !process.kill(pid as number, 0)
    } catch {
      return true
    }
  })
})

it('closing waits for the worker to end, and a new handle starts another one', async () => {
  const first = handle(4)
  await first.llm.chat('Hi')
  const { pid } = first.llm.stats()
  await first.llm.close()
  expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  const second = handle(4)
  expect((await second.llm.chat('What is the capital of France?')).text).toBe(
    'The capital of France is Paris.',
  )
  expect(second.llm.stats().pid).not.toBe(pid)
})

it('a handle that is shared while the last one closes is open, and both can be closed', async () => {
  const { llm } = handle(5)
  await llm.chat('Hi')
  const closing = llm.close()
  // The owner has been asked, and ends the worker.
  await new Promise(setImmediate)
  const next = llm.share()
  await closing
  const { text } = await next.chat('What is the capital of France?', { timeout: { total: 15_000 } })
  expect(text).toBe('The capital of France is Paris.')
  const again = next.close()
  await new Promise(setImmediate)
  const last = next.share()
  await Promise.all([again, last.close()])
})
