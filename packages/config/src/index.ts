// The public face of @patchbay/config.
export { connect, connectTo, defaultOf } from './connect.js'
export { nearest } from './failure.js'
export type { Entry, Place } from './layers.js'
export { type Loaded, type LoadOptions, loadConfig, userFolder } from './load.js'
export { Shared, type SharedPlace } from './shared.js'
export * from './types.js'
