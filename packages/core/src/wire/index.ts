// For backends that speak HTTP: bytes to lines to values, and failures to errors.
export * from './http.js'
export * from './lines.js'
export * from './ndjson.js'
