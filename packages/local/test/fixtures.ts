// Fixtures of the worker's tests: temporary folders, providers that are closed after the test, helpers for processes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChatStream, LlmError } from '@patchbay/core'
import { expect, onTestFinished, vi } from 'vitest'
import { type LocalOptions, type LocalProvider, local } from '../src/index.js'
import { type RandomModel, writeRandomModel } from './random-model.js'

/** A folder that is deleted after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'patchbay-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A provider that is closed after the test, and stores nothing on the machine. */
export function open(options: LocalOptions = {}): LocalProvider {
  const provider = local({ threads: 1, cacheDir: false, ...options })
  onTestFinished(() => provider.close())
  return provider
}

/** A provider for a random model, which generates until it is stopped. */
export function openRandom(shape: RandomModel = {}, options: LocalOptions = {}): LocalProvider {
  return open({
    model: writeRandomModel(join(temporaryFolder(), 'random.gguf'), shape),
    defaults: { temperature: 0 },
    ...options,
  })
}

/** The typed error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!(error instanceof LlmError)) throw error
  return error
}

/** Reads a stream up to its first text. */
export async function readFirstText(stream: ChatStream): Promise<AsyncIterator<string>> {
  const text = stream.text[Symbol.asyncIterator]()
  await text.next()
  return text
}

/** Whether there is a process with this id. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Resolves when the condition holds; fails with its text after 50 seconds. */
export async function waitUntil(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition(), String(condition)).toBe(true), { timeout: 50_000, interval: 5 })
}
