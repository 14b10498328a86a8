// Runs the suite over the dropping backend.
import { tests } from '../../../vitest.base.js'

const base = tests()

export default {
  ...base,
  test: { ...base.test, include: ['test/dropping.ts'], typecheck: { enabled: false }, reporters: ['json'] },
}
