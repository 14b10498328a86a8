import { tests } from '../vitest.base.js'

export default tests({ testTimeout: 120_000 })
