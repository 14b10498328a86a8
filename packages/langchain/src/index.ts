// Entry point of @patchbay/langchain.
export { langchain } from './from-langchain/backend.js'
export type { PatchbayChatOptions } from './to-langchain/call-options.js'
export { chatModel, PatchbayChat, type PatchbayChatParams } from './to-langchain/chat-model.js'
export { embeddings, type PatchbayEmbeddingsOptions } from './to-langchain/embeddings.js'
