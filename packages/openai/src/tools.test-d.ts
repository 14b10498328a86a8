// Options of OpenAI's own tools: what the service does not take does not compile.
import { it } from 'vitest'
import { openai } from './index.js'

it('options of server tools are checked by the compiler', () => {
  openai.tools.webSearch({ contextSize: 'low' })
  // @ts-expect-error a misspelled option
  openai.tools.webSearch({ maxUses: 3 })
  // @ts-expect-error the stores are needed
  openai.tools.fileSearch({})
  // @ts-expect-error an address or a connector
  openai.tools.mcp({ name: 'wiki' })
  // @ts-expect-error one of both
  openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', connector: 'connector_gmail' })
  // @ts-expect-error no such tool at this maker
  openai.tools.computer({ width: 1, height: 1 })
})
