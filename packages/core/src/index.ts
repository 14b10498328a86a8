// Entry point of @patchbay/core.

export { generateObject, runTools, streamElements, streamObject } from './agent/agent-functions.js'
export type { ObjectOptions, ObjectResult, PartialOf } from './agent/generate-object.js'
export type { Run } from './agent/result-stream.js'
export type { ElementOptions } from './agent/stream-elements.js'
export type {
  Approval,
  CallToApprove,
  ContextOf,
  FailedToolCall,
  RunArguments,
  SuccessfulToolCall,
  ToolFailure,
  ToolLoopOptions,
  ToolOutcome,
  ToolRunEvent,
  ToolRunOptions,
  ToolRunResult,
} from './agent/tool-run.js'
export { defineProvider, type MediaOptions, type ProviderOptions } from './call/define-provider.js'
export * from './contract/backend.js'
export * from './contract/batches.js'
export * from './contract/call-options.js'
export * from './contract/capabilities.js'
export * from './contract/clock.js'
export { type ErrorCode, type ErrorDetails, errorCodes, isLlmError, LlmError } from './contract/errors.js'
export * from './contract/events.js'
export * from './contract/message.js'
export * from './contract/operations.js'
export * from './contract/provider.js'
export type * from './contract/provider-options.js'
export * from './contract/request.js'
export * from './contract/response.js'
export * from './contract/schema.js'
export type * from './contract/server-tool.js'
export * from './contract/status.js'
export * from './contract/tool.js'
export { addUsage } from './contract/usage.js'
export { cosineSimilarity } from './operations/similarity.js'
