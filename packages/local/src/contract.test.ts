// The local backend, with the bundled model and the real engine, passes the contract: alone and as a shared handle.
import { describeProvider } from '@patchbay/testing'
import { afterAll } from 'vitest'
import { local } from './index.js'

const owner = local()
afterAll(() => owner.close())

describeProvider('local', () => local())
describeProvider('a shared handle of local', () => owner.share())
