// A worker with a mock that echoes; each request is appended to a file before it is answered, as a line of JSON.
import { appendFileSync } from 'node:fs'
import type { PreparedChat } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing/mock'
import { worker } from '../src/index.js'

const [redis = '', name = '', file = ''] = process.argv.slice(2)
const mock = mockProvider({ embeddings: true })
const requests = mock.requests as PreparedChat[]
requests.push = (request) => {
  if (request !== undefined) appendFileSync(file, `${JSON.stringify(request)}\n`)
  return 0
}
await worker(name, mock, { redis })
process.stdout.write('working\n')
