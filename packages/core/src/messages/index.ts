// Entry point of @patchbay/core/messages: texts of messages, and conversations as JSON.
export { restoreMessages, type StoredMessages, storeMessages } from './stored.js'
export { textOf } from './text.js'
