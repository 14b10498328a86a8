// Loads lazy modules in advance, so that no fake clock waits for them.
import { mockProvider } from '@patchbay/testing'

/** Loads what a call with options needs. */
export async function warm(): Promise<void> {
  await mockProvider().chat({
    messages: ['x', { role: 'user', content: [{ type: 'text', text: 'y' }] }],
    maxOutputTokens: 1,
  })
}
