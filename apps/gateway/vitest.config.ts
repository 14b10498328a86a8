import { tests } from '../../vitest.base.js'

export default tests({ globalSetup: ['../../packages/local/test/build-worker.ts'] })
