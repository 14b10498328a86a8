// State stores of each kind, for tests: in memory, in files of a folder that is removed at the end, and in a Redis, if there is one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { fileState, memoryState, redisState, remoteState, type StateStore, serveState } from '../src/index.js'
import { hasRedis, type Redis, startRedis } from './redis.js'

/** A folder for the tests of one file. */
export const folder = mkdtempSync(join(tmpdir(), 'patchbay-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let running: Redis | undefined
beforeAll(async () => {
  if (hasRedis) running = await startRedis()
})
afterAll(() => running?.stop())

/** The Redis of the tests of one file. */
export function redis(): Redis {
  if (running === undefined) throw new Error('There is no redis-server on this machine.')
  return running
}

/** Name, factory, and whether it can run here. */
export const stores: [string, () => Promise<StateStore>, boolean][] = [
  ['memory', async () => memoryState(), true],
  ['memory of another process', async () => throughJson(memoryState()), true],
  ['files', async () => fileState(join(folder, 'files')), true],
  ['Redis', async () => redisState(await redis().connect()), hasRedis],
]

/** The store as another process sees it: what is sent is JSON, and comes later. */
function throughJson(store: StateStore): StateStore {
  const answer = serveState(store)
  const { state, receive } = remoteState((request) => {
    const text = JSON.stringify(request)
    setImmediate(async () => receive(JSON.parse(JSON.stringify(await answer(JSON.parse(text))))))
  })
  return state
}
