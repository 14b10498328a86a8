// The public face of @patchbay/langchain.
export { langchain } from './backend.js'
export type { PatchbayChatOptions } from './call-options.js'
export { chatModel, PatchbayChat, type PatchbayChatParams } from './chat-model.js'
export { embeddings, type PatchbayEmbeddingsOptions } from './embeddings.js'
