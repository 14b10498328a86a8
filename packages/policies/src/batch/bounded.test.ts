// Memory bounds of the batch queue: requests go with their answers, finished batches are limited.
import type { BatchResult } from '@patchbay/core'
import { expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { standIn } from '../../test/operations.js'
import { batch, memoryState, type StateStore } from '../index.js'

async function ended(provider: ReturnType<typeof batch>, id: string): Promise<void> {
  while ((await provider.batches.status(id)).state === 'running') await new Promise(setImmediate)
}
async function read(results: AsyncIterable<BatchResult>): Promise<number> {
  let count = 0
  for await (const { response } of results) if (response !== undefined) count++
  return count
}

/** A state that knows how much text is in it. */
function measured(): { state: StateStore; size(): number; keys(): string[] } {
  const values = new Map<string, string>()
  return {
    state: {
      get: async (key) => values.get(key),
      async swap(key, expected, next) {
        if (values.get(key) !== expected) return false
        values.set(key, next)
        return true
      },
    },
    size: () => [...values.values()].reduce((sum, { length }) => sum + length, 0),
    keys: () => [...values].filter(([, text]) => text !== '').map(([key]) => key),
  }
}

it('a request is deleted once it is answered, in every store', async () => {
  const { state, keys } = measured()
  const provider = batch(standIn().provider, { native: false, state })
  const id = await provider.batches.submit(['a'.repeat(1000), 'b'])
  await ended(provider, id)
  await provider.close()
  expect(keys().filter((key) => key.includes(':request:'))).toEqual([])
  expect(keys().filter((key) => key.includes(':result:'))).toHaveLength(2)
})

it('cancelled requests are deleted', async () => {
  const { state, keys } = measured()
  const provider = batch(standIn().provider, { native: false, state, concurrency: 1 })
  const id = await provider.batches.submit(Array.from({ length: 20 }, (_, index) => `request ${index}`))
  await provider.batches.cancel(id)
  await provider.close()
  expect(keys().filter((key) => key.includes(':request:'))).toEqual([])
})

it('the last 100 read batches can be read again, older ones are not found', async () => {
  const provider = batch(standIn().provider, { native: false })
  const ids: string[] = []
  for (let count = 0; count < 110; count++) {
    const id = await provider.batches.submit(['one', 'two'])
    ids.push(id)
    await ended(provider, id)
    expect(await read(provider.batches.results(id))).toBe(2)
  }
  await new Promise(setImmediate)
  expect(await read(provider.batches.results(ids.at(-100) as string))).toBe(2)
  expect(await failureOf(read(provider.batches.results(ids[0] as string)))).toMatchObject({
    code: 'not-found',
  })
})

it('in a shared state, results stay for other readers', async () => {
  const provider = batch(standIn().provider, { native: false, state: memoryState() })
  const ids: string[] = []
  for (let count = 0; count < 105; count++) {
    ids.push(await provider.batches.submit(['one']))
    await ended(provider, ids.at(-1) as string)
    await read(provider.batches.results(ids.at(-1) as string))
  }
  expect(await read(provider.batches.results(ids[0] as string))).toBe(1)
})
