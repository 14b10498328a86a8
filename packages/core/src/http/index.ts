// Entry point of @patchbay/core/http: answers to a browser or another HTTP client.
export { type NodeResponse, pipeTo } from './pipe-to.js'
export {
  type AnswerOptions,
  type AnswerSource,
  checkAnswerOptions,
  type Encoding,
  responseBody,
} from './response-body.js'
export { type SseOptions, toSse } from './sse.js'
export { toTextResponse } from './text-response.js'
