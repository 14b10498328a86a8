import { tests } from '../../vitest.base.js'

export default tests({ globalSetup: ['./test/build-worker.ts'], testTimeout: 60_000 })
