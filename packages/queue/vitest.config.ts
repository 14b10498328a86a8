import { tests } from '../../vitest.base.js'

// Many tests start processes, one after another.
export default tests({ testTimeout: 180_000, globalSetup: ['../local/test/build-worker.ts'] })
