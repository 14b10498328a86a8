// Soak scenarios of batches and of the state stores of policies.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openai } from '@patchbay/openai'
import { batch, batchResults, fileState, redisState, type StateStore } from '@patchbay/policies'
import { answering } from './provider.js'
import { type Make, readAll, state } from './scenario.js'

const change = (kept: StateStore) => ({
  call: async (index: number) => {
    await kept.swap(`key ${index}`, await kept.get(`key ${index}`), 'x'.repeat(200), 1)
  },
})

export const storeScenarios: Record<string, Make> = {
  'batches: our own queue': () => {
    const provider = batch(answering())
    return {
      call: async (index) => {
        const id = await provider.batches.submit([`question ${index}`, `other ${index}`])
        await readAll(batchResults(provider, id, { every: 1 }))
      },
    }
  },
  'batches: of a service': () => {
    const answer = (id: string) =>
      JSON.stringify({
        id,
        object: 'batch',
        status: 'in_progress',
        request_counts: { total: 1, completed: 0, failed: 0 },
      })
    const provider = openai('gpt-5', {
      apiKey: 'none',
      fetch: async (url) =>
        new Response(answer(String(url).split('/').at(-1) ?? ''), {
          headers: { 'content-type': 'application/json' },
        }),
    })
    return { call: (index) => provider.batches.status(`batch_${index}`) }
  },
  'stores: memory': () => change(state()),
  'stores: files': () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-soak-'))
    return {
      ...change(fileState(folder)),
      close: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  'stores: a Redis that does not answer': () => {
    // A few at a time: what was sent and is not answered is kept by the client, not by us.
    const store = redisState({ sendCommand: () => new Promise(() => {}) }, { timeout: 1 })
    return { call: (index) => store.get(`key ${index % 20}`).catch(() => {}) }
  },
}
