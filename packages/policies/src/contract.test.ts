// Every policy passes the contract, over a mock and over the real engine.
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import { fallback } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')
const never = () => {
  throw new Error('nobody asked for this one')
}

describeProvider('fallback, whose first answers', () => fallback([mockProvider(), never]), { long })
describeProvider(
  'fallback over the local model',
  () => fallback([local({ threads: 1, cacheDir: false }), never]),
  { deterministic: true },
)
