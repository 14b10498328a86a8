import { tests } from '../../vitest.base.js'

export default tests({ globalSetup: ['../local/test/build-worker.ts'] })
