// The public face of @patchbay/config.
export { connect, connectTo } from './connect.js'
export { nearest } from './failure.js'
export { type Entry, type Loaded, type LoadOptions, loadConfig, type Place, userFolder } from './load.js'
export { Shared, type SharedPlace } from './shared.js'
export * from './types.js'
