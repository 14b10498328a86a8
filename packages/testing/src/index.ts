// The public face of @patchbay/testing. It needs vitest; `@patchbay/testing/mock` does not.
export * from './contract.js'
export * from './mock.js'
