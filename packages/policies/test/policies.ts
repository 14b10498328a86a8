// Every policy around a provider that is well, with options that leave its calls as they are.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Provider } from '@patchbay/core'
import { afterAll } from 'vitest'
import { record, replay } from '../src/index.js'
import type { PolicyName } from '../src/middleware/policy-coverage.js'
import { quiet } from './quiet.js'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-policies-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const file = () => join(folder, `${files++}.json`)

export const harmless: Record<PolicyName, (provider: Provider) => Provider> = {
  ...quiet,
  record: (provider) => record(provider, { file: file() }),
  replay: (provider) => replay(provider, { file: file(), unrecorded: 'record' }),
}
