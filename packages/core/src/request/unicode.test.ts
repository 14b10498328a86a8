// A runtime that is too old is named, with what to install.
import { expect, it, onTestFinished } from 'vitest'
import { failureOf, finish, world } from '../../test/world.js'

it.each([
  ['a question', 'x'],
  ['a conversation', { system: 'x', messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }],
] as const)('Node 18, which cannot check Unicode, is told for %s', async (_, request) => {
  const { provider } = world([[finish]])
  const method = Object.getOwnPropertyDescriptor(String.prototype, 'isWellFormed') as PropertyDescriptor
  onTestFinished(() => void Object.defineProperty(String.prototype, 'isWellFormed', method))
  Reflect.deleteProperty(String.prototype, 'isWellFormed')
  const failure = await failureOf(provider.chat(request as Parameters<typeof provider.chat>[0]))
  expect([failure.code, failure.message]).toEqual(['config', expect.stringContaining('Node 20.19 or newer')])
})
