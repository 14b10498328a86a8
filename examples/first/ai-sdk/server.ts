// A server of node:http that streams text; a client that leaves stops the model.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openai } from '@ai-sdk/openai'
import { streamText } from 'ai'

async function main() {
  const model = openai('gpt-5.6-sol')
  const server = createServer((_, response) => {
    const left = new AbortController()
    response.on('close', () => left.abort())
    const prompt = 'What is the capital of France?'
    void streamText({ model, prompt, abortSignal: left.signal }).pipeTextStreamToResponse(response)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  console.log(await (await fetch(`http://localhost:${port}`)).text())
  server.close()
}
void main()
