// For backends that speak HTTP: bytes to lines to values, requests to responses, failures to errors.

export { Yielder } from '../call/event-loop.js'
export * from './embed-prefix.js'
export { clientError } from './errors/client-error.js'
export { codeOfStatus, detailsOf, errorText, excerpt } from './errors/http-error.js'
export { isOverflow } from './errors/overflow.js'
export * from './errors/service-error.js'
export * from './formats/batch-lines.js'
export * from './formats/ndjson.js'
export * from './formats/received-json.js'
export * from './formats/sse.js'
export * from './formats/tool-call.js'
export * from './formats/vectors.js'
export { type ServerAddress, serverAddress } from './http/address.js'
export {
  decodeBody,
  isStream,
  lineSplitter,
  opened,
  textLines,
  wholeJson,
} from './http/body.js'
export { unreachable } from './http/connection-error.js'
export { checkPublic } from './http/download.js'
export * from './http/exchange.js'
export * from './http/inline-media.js'
export { type LargeField, largeJson, lettersIn, markLarge } from './http/large-list.js'
export * from './http/platform.js'
export * from './secrets/environment-key.js'
export * from './secrets/known-keys.js'
export { type Redact, redactor } from './secrets/redact.js'
export type { HeaderFields } from './secrets/request-secrets.js'
export * from './unsupported-parts.js'
