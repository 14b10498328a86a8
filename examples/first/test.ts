// Test an app without a model.
import assert from 'node:assert/strict'
import type { Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing/mock'

/** The app. */
const summarise = async (llm: Provider, text: string) => (await llm.chat(`Summarise: ${text}`)).text

async function main() {
  const llm = mockProvider({ answers: ['Short.'] })
  assert.equal(await summarise(llm, 'A long text.'), 'Short.')
  assert.deepEqual(llm.requests[0]?.messages[0]?.content, [{ type: 'text', text: 'Summarise: A long text.' }])
  console.log('passed')
}
void main()
