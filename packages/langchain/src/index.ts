// The public face of @patchbay/langchain.
export { langchain } from './backend.js'
export { chatModel, PatchbayChat, type PatchbayChatOptions, type PatchbayChatParams } from './chat-model.js'
export { embeddings } from './embeddings.js'
