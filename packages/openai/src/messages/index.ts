// Entry point of @patchbay/openai/messages: conversations in OpenAI's own forms.
export type { ConversionOptions } from '@patchbay/core/wire'
export { fromChatCompletions } from './from-chat-completions.js'
export { fromResponsesInput } from './from-responses-input.js'
export { toChatCompletions } from './to-chat-completions.js'
export { toResponsesInput } from './to-responses-input.js'
