// Bad input: each kind is one typed error with advice, and the worker goes on.
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChatRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { failureOf, open, openRandom, temporaryFolder } from '../test/fixtures.js'
import { writeRandomModel } from '../test/random-model.js'
import { local } from './index.js'

const pico = readFileSync(fileURLToPath(new URL('../models/pico.gguf', import.meta.url)))

function file(bytes: Buffer | string): string {
  const path = join(temporaryFolder(), 'model.gguf')
  writeFileSync(path, bytes)
  return path
}

function damaged(): Buffer {
  const bytes = Buffer.from(pico)
  return bytes.fill(0xff, 24, 2000)
}

describe('a model file', () => {
  it.each<[string, () => string, RegExp]>([
    ['that is missing', () => join(temporaryFolder(), 'nothing.gguf'), /does not exist/],
    ['that is a directory', () => temporaryFolder(), /is a directory/],
    ['that is text', () => file('once upon a time'), /not a GGUF file/],
    ['that is empty', () => file(''), /not a GGUF file/],
    [
      'whose weights are cut off',
      () => file(pico.subarray(0, 600_000)),
      /incomplete or damaged .*download it again/,
    ],
    ['whose header is cut off', () => file(pico.subarray(0, 3000)), /incomplete or damaged/],
    ['whose header is garbage', () => file(damaged()), /incomplete or damaged/],
    [
      'that has no chat template',
      () => writeRandomModel(join(temporaryFolder(), 'base.gguf'), { chatTemplate: null }),
      /chatTemplate/,
    ],
    [
      'whose chat template cannot be parsed',
      () => writeRandomModel(join(temporaryFolder(), 'broken.gguf'), { chatTemplate: '{% for %}' }),
      /cannot be parsed.*chatTemplate/,
    ],
  ])('%s', async (_, make, message) => {
    const provider = open({ model: make() })
    for (let time = 0; time < 2; time++) {
      const error = await failureOf(provider.chat('hi'))
      expect(error).toMatchObject({ code: 'model-load', retryable: false, provider: 'local' })
      expect(error.message).toMatch(message)
    }
  })

  it.skipIf(process.getuid?.() === 0)('that may not be read', async () => {
    const path = file(pico)
    chmodSync(path, 0)
    expect((await failureOf(open({ model: path }).chat('hi'))).message).toMatch(/permissions/)
  })

  it('that is larger than the free memory is an error with the numbers', async () => {
    const path = file(pico)
    // Sparse: it takes no room on the disk.
    truncateSync(path, totalmem() + 1e9)
    const error = await failureOf(open({ model: path }).chat('hi'))
    expect(error).toMatchObject({ code: 'model-load' })
    expect(error.message).toMatch(/the file has \d+ MB, and \d+ MB are free.*smaller model/)
  })

  it('whose context needs more than the free memory is an error with the numbers', async () => {
    const error = await failureOf(open({ context: 50_000_000 }).chat('hi'))
    expect(error).toMatchObject({ code: 'model-load' })
    expect(error.message).toMatch(
      /4 sequences of 50000000 tokens need \d+ MB, and \d+ MB are free.*lower `context`/,
    )
  })
})

describe('options', () => {
  it.each([
    { queue: -1 },
    { parallel: 0 },
    { parallel: 1.5 },
    { context: Number.NaN },
    { threads: -2 },
    { heartbeat: 0 },
    { gpuLayers: -1 },
    { memoryBudget: 0 },
    { memoryLimit: 0.5 },
    { keepPrefixes: true, cacheDir: false as const },
  ])('%j are refused', (options) => {
    expect(() => local(options)).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringContaining(Object.keys(options)[0] ?? ''),
      }),
    )
  })
})

describe('a request', () => {
  const talk = (size: number) => 'word '.repeat(size)

  it.each<[string, ChatRequest, string, RegExp]>([
    [
      'that is too long for the context',
      { messages: talk(3000) },
      'context-length',
      /has \d{4} tokens; the context holds 2048/,
    ],
    [
      'of five megabytes',
      { messages: talk(1_000_000) },
      'context-length',
      /more than \d+ tokens; the context holds 2048/,
    ],
    ['with no message', { messages: [] }, 'invalid-request', /messages/],
    ['with an empty message', { messages: [''] }, 'invalid-request', /messages\[0\]/],
    ['with a negative option', { messages: 'hi', temperature: -1 }, 'invalid-request', /temperature/],
    ['with an option that is not a number', { messages: 'hi', topK: Number.NaN }, 'invalid-request', /topK/],
    [
      'for tools and JSON at once',
      { messages: 'hi', tools: [{ name: 'a', input: { type: 'object' } }], output: 'json' },
      'unsupported',
      /not both/,
    ],
  ])('%s is refused, and the worker goes on', async (_, request, code, message) => {
    const provider = open()
    const error = await failureOf(provider.chat(request))
    expect(error).toMatchObject({ code, retryable: false })
    expect(error.message).toMatch(message)
    expect((await provider.chat('What is the capital of France?')).text).toContain('Paris')
    expect(provider.stats().restarts).toBe(0)
  })

  it('that just fits is answered', async () => {
    const provider = openRandom({}, { context: 256 })
    const frame = await provider.countTokens('a')
    const response = await provider.chat('a'.repeat(256 - frame))
    expect(response).toMatchObject({ finishReason: 'length', usage: { inputTokens: 255, outputTokens: 1 } })
    expect(await failureOf(provider.chat('a'.repeat(257 - frame)))).toMatchObject({
      code: 'context-length',
      message: expect.stringContaining('256 tokens; the context holds 256'),
    })
  })

  it('that the chat template refuses is an error that says so', async () => {
    const chatTemplate =
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ m.content }}{% endfor %}"
    const provider = openRandom({ chatTemplate })
    expect(await failureOf(provider.chat({ system: 'Be brief.', messages: 'hi' }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('System role not supported'),
    })
    expect((await provider.chat({ messages: 'hi', maxOutputTokens: 2 })).usage.outputTokens).toBe(2)
  })
})
