// Tests of an app without a model: a mock answers by script, and the test moves the clock.
import assert from 'node:assert/strict'
import { isLlmError, LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing/mock'

/** The app: a summary, or the text itself when no model can be had. */
async function summarise(llm: Provider, text: string): Promise<string> {
  try {
    return (await llm.chat({ system: 'Summarise in one sentence.', messages: text })).text
  } catch (error) {
    if (isLlmError(error) && error.retryable) return text
    throw error
  }
}

const clock = fakeClock()
const llm = mockProvider({ clock, random: () => 1 })

llm.answer('Short.')
assert.equal(await summarise(llm, 'A long text.'), 'Short.')
assert.equal(llm.requests[0]?.messages[0]?.role, 'system')

const overloaded = new LlmError('overloaded', 'Too busy.')
llm.answer(overloaded, overloaded, overloaded)
const fallback = summarise(llm, 'A long text.')
await clock.advance(10_000)
assert.equal(await fallback, 'A long text.')
assert.equal(llm.requests.length, 4)

llm.answer(new LlmError('authentication', 'Wrong key.'))
await assert.rejects(summarise(llm, 'A long text.'), { code: 'authentication' })
console.log('all good')
