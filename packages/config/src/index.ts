// Public exports of @patchbay/config.
export {
  type ConnectOptions,
  connect,
  connectTo,
  defaultOf,
  provider,
  type TargetOptions,
} from './connect.js'
export { nearest } from './file/config-error.js'
export type { Entry, Place } from './file/layers.js'
export { type Loaded, type LoadOptions, loadConfig, userFolder } from './file/load.js'
export { keyLimits } from './file/policy-schema.js'
export * from './policy-entries.js'
export { type Feature, type Finding, features, probe } from './provider/probe.js'
export { isRedis, Shared, type SharedPlace } from './provider/shared-state.js'
export * from './types.js'
