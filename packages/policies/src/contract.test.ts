// Every policy passes the contract, over a mock and over the real engine.
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import { fallback, priced } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')
const never = () => {
  throw new Error('nobody asked for this one')
}

describeProvider('fallback, whose first answers', () => fallback([mockProvider(), never]), { long })
describeProvider('priced', () => priced(mockProvider()), { long })
describeProvider(
  'both over the local model',
  () => priced(fallback([local({ threads: 1, cacheDir: false }), never])),
  { deterministic: true },
)
