// Entry point of @patchbay/ai-sdk.

export type { ConversionOptions } from '@patchbay/core/wire'
export { type AiSdkOptions, type AnyEmbeddingModel, aiSdk } from './from-ai-sdk/backend.js'
export type { AnyLanguageModel } from './from-ai-sdk/specification.js'
export type { LanguageModelV4Like } from './from-ai-sdk/v4-model.js'
export { fromUiMessages } from './from-ui-messages.js'
export { fromModelMessages, type ModelMessageLike, toModelMessages } from './model-messages.js'
export { embeddingModel } from './to-ai-sdk/embedding-model.js'
export { imageModel } from './to-ai-sdk/image-model.js'
export { languageModel } from './to-ai-sdk/language-model.js'
export { speechModel } from './to-ai-sdk/speech-model.js'
export {
  toUiMessages,
  type UiChatMessage,
  type UiChatPart,
  type UiMessagesOptions,
} from './to-ui-messages.js'
export type { ToolErrorOptions, UiMessage, UiPart } from './ui-parts.js'
export { toResponse } from './ui-response.js'
