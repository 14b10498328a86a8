// A random model that answers with JSON schemas: what a grammar lets through is what comes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonSchema } from '@patchbay/core'
import { beforeAll } from 'vitest'
import { type LocalProvider, local } from '../src/index.js'
import { failureOf } from './fixtures.js'
import { writeRandomModel } from './random-model.js'

export let provider: LocalProvider
beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'patchbay-'))
  const path = writeRandomModel(join(dir, 'random.gguf'))
  provider = local({ model: path, threads: 1, cacheDir: false, parallel: 4 })
  return async () => {
    await provider.close()
    rmSync(dir, { recursive: true })
  }
})

/** The values that the model writes for a schema with different seeds, and the warnings. */
export async function answers(
  schema: object,
  seeds = 12,
): Promise<{ values: unknown[]; warnings: string[] }> {
  const warnings = new Set<string>()
  const all = await Promise.all(
    Array.from({ length: seeds }, async (_, seed) => {
      const output = { schema: schema as JsonSchema }
      const request = { messages: 'hi', output, seed, temperature: 1.5, maxOutputTokens: 200 }
      try {
        const { output, warnings: given } = await provider.chat(request)
        for (const { message } of given) warnings.add(message)
        return [output]
      } catch (error) {
        const { partial } = await failureOf(Promise.reject(error))
        // Cut off at the limit of tokens.
        if (partial?.finishReason === 'length') return []
        throw error
      }
    }),
  )
  return { values: all.flat(), warnings: [...warnings] }
}
