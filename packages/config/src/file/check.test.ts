// Targets in one text: a backend and its model, a package or a file.
import { expect, it } from 'vitest'
import { parseTarget } from './check.js'

it.each([
  ['claude:claude-opus-5', { use: 'claude', model: 'claude-opus-5' }],
  ['ollama:qwen3:0.6b', { use: 'ollama', model: 'qwen3:0.6b' }],
  ['./provider.mjs', { use: './provider.mjs' }],
  ['./provider.mjs:large', { use: './provider.mjs', model: 'large' }],
  ['@me/provider:large', { use: '@me/provider', model: 'large' }],
  ['C:\\app\\provider.mjs', { use: 'C:\\app\\provider.mjs' }],
  ['c:/app/provider.mjs:large', { use: 'c:/app/provider.mjs', model: 'large' }],
  ['local:C:\\models\\small.gguf', { use: 'local', model: 'C:\\models\\small.gguf' }],
])('%s is a backend, package or file, and a model', (target, expected) => {
  expect(parseTarget(target)).toEqual(expected)
})
