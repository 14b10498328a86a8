// The public face of @patchbay/gateway.
export { type Gateway, type GatewayOptions, gateway } from './gateway.js'
export { type NewKey, newKey } from './keys.js'
export { type Served, type ServeOptions, serve } from './serve.js'
export type { VisitRecord, Watcher } from './visit.js'
