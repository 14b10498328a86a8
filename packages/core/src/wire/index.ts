// For backends that speak HTTP: bytes to lines to values, requests to responses, failures to errors.

export { Yielder } from '../event-loop.js'
export { type ServerAddress, serverAddress } from './address.js'
export * from './batch-lines.js'
export {
  decodeBody,
  isStream,
  lineSplitter,
  opened,
  textLines,
  wholeJson,
} from './body.js'
export { clientError } from './client-error.js'
export { unreachable } from './connection.js'
export { checkPublic } from './download.js'
export * from './embed-prefix.js'
export * from './environment-key.js'
export * from './exchange.js'
export * from './fetched.js'
export * from './fields.js'
export { codeOfStatus, detailsOf, errorText, excerpt } from './http.js'
export * from './known-keys.js'
export { type LargeField, largeJson, lettersIn, markLarge } from './large-list.js'
export * from './ndjson.js'
export * from './not-sent.js'
export { isOverflow } from './overflow.js'
export * from './platform.js'
export { type Redact, redactor } from './redact.js'
export type { HeaderFields } from './secrets.js'
export * from './service-error.js'
export * from './sse.js'
export * from './tool-call.js'
export * from './vectors.js'
