// The public face of @patchbay/gateway.
export { type Gateway, type GatewayOptions, gateway } from './gateway.js'
export { type Served, type ServeOptions, serve } from './serve.js'
