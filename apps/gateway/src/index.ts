// The public face of @patchbay/gateway.

export { type NewKey, newKey } from './server/api-keys.js'
export { type Gateway, type GatewayOptions, gateway } from './server/gateway.js'
export type { VisitRecord, Watcher } from './server/request-record.js'
export { type Served, type ServeOptions, serve } from './server/serve.js'
