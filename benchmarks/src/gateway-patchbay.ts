// Our gateway over one OpenAI-compatible service, in a process of its own, for the gateway benchmark.
import { loadConfig } from '@patchbay/config'
import { serve } from '@patchbay/gateway'

const baseURL = `${process.argv[2]}/v1`
const entry = (model: string) => ({
  use: 'openai' as const,
  api: 'chat' as const,
  model,
  baseURL,
  apiKey: 'none',
})
const config = {
  default: 'plain',
  providers: { plain: entry('plain'), stream: entry('stream'), burst: entry('burst'), hold: entry('hold') },
}
const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
process.stdout.write(`${gateway.url}\n`)
