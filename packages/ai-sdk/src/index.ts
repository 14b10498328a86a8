// Entry point of @patchbay/ai-sdk.
export { type AiSdkOptions, aiSdk } from './from-ai-sdk/backend.js'
export { embeddingModel } from './to-ai-sdk/embedding-model.js'
export { languageModel } from './to-ai-sdk/language-model.js'
export { fromUiMessages, toResponse, type UiMessage, type UiPart } from './ui.js'
