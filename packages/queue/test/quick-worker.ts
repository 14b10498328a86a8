// A worker that echoes at once.
import { mockProvider } from '@patchbay/testing/mock'
import { worker } from '../src/index.js'

const [redis = '', name = ''] = process.argv.slice(2)
const mock = mockProvider()
// Requests are not kept: 100,000 of them would fill the memory.
;(mock.requests as unknown[]).push = () => 0
await worker(name, mock, { redis, lease: 1000, concurrency: 16 })
process.stdout.write('working\n')
