// The mock provider passes the contract suite, with several sets of capabilities.
import { describeProvider } from './contract.js'
import { mockProvider } from './mock.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')

describeProvider('the mock', () => mockProvider(), { long })
describeProvider(
  'a mock that can do nothing but talk',
  () =>
    mockProvider({
      capabilities: {
        tools: false,
        vision: false,
        files: false,
        audio: false,
        json: false,
        reasoning: false,
      },
    }),
  { long },
)
