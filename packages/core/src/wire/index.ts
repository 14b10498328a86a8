// For backends that speak HTTP: bytes to lines to values, requests to responses, failures to errors.
export * from './body.js'
export * from './embed-prefix.js'
export * from './exchange.js'
export * from './fetched.js'
export * from './http.js'
export * from './ndjson.js'
export * from './platform.js'
export * from './sse.js'
