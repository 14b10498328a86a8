// Public exports of @patchbay/gateway.

export { type NewKey, newKey } from './server/api-keys.js'
export { CombinedMetrics, type MetricsSnapshot } from './server/combined-metrics.js'
export { type Gateway, type GatewayOptions, gateway } from './server/gateway.js'
export type { RequestListener, RequestRecord } from './server/request-record.js'
export { type GatewayServer, type ServeOptions, serve } from './server/serve.js'
