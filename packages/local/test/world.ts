// What the worker's tests share: models in a folder of their own, providers that are closed, processes looked at.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChatStream, LlmError } from '@patchbay/core'
import { expect, onTestFinished, vi } from 'vitest'
import { type LocalOptions, type LocalProvider, local } from '../src/index.js'
import { type RandomModel, writeRandomModel } from './random-model.js'

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'patchbay-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A provider that is closed after the test, without measurements left on the machine. */
export function open(options: LocalOptions = {}): LocalProvider {
  const provider = local({ threads: 1, cacheDir: false, ...options })
  onTestFinished(() => provider.close())
  return provider
}

/** A provider on a random model, which talks until it is stopped. */
export function openRandom(shape: RandomModel = {}, options: LocalOptions = {}): LocalProvider {
  return open({
    model: writeRandomModel(join(folder(), 'random.gguf'), shape),
    defaults: { temperature: 0 },
    ...options,
  })
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!(error instanceof LlmError)) throw error
  return error
}

/** Reads a stream until its first text. */
export async function begin(stream: ChatStream): Promise<AsyncIterator<string>> {
  const text = stream.text[Symbol.asyncIterator]()
  await text.next()
  return text
}

/** Is there a process of this id? A zombie is none. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Resolves when the condition holds; fails with its text after 50 seconds. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition(), String(condition)).toBe(true), { timeout: 50_000, interval: 5 })
}
