// The public face of @patchbay/ai-sdk.
export { type AiSdkOptions, aiSdk } from './backend.js'
export { embeddingModel } from './embedding-model.js'
export { languageModel } from './language-model.js'
export { fromUiMessages, toResponse, type UiMessage, type UiPart } from './ui.js'
