// The client of the gateway's models: loaded after the page can be used.
export { isLlmError } from '@patchbay/core'
export { openai } from '@patchbay/openai'
