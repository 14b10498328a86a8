// What is loaded when it is first needed is loaded beside the event loop, where no fake clock waits for it.
import { mockProvider } from '@patchbay/testing'

/** Loads what a call with options needs. */
export async function warm(): Promise<void> {
  await mockProvider().chat({
    messages: ['x', { role: 'user', content: [{ type: 'text', text: 'y' }] }],
    maxOutputTokens: 1,
  })
}
