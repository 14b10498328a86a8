// Entry point of @patchbay/testing. It needs vitest; `@patchbay/testing/mock` does not.
export * from './contract.js'
export * from './fault-server.js'
export * from './mock.js'
export * from './replay-server.js'
