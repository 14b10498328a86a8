// A server of node:http that streams text; a client that leaves stops the model.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeTo, toTextResponse } from '@patchbay/core/http'
import { openai } from '@patchbay/openai'

async function main() {
  const llm = openai('gpt-5.6-sol')
  const server = createServer((_, response) => {
    void pipeTo(toTextResponse(llm.stream('What is the capital of France?')), response)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  console.log(await (await fetch(`http://localhost:${port}`)).text())
  server.close()
}
void main()
