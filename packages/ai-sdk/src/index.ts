// The public face of @patchbay/ai-sdk.
export { type AiSdkOptions, aiSdk } from './backend.js'
export { embeddingModel } from './embedding-model.js'
export { languageModel } from './language-model.js'
