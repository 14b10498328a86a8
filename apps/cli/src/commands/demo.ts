// `patchbay demo`: switching models, fallback and a budget, with the bundled model and two servers on this machine.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { claude } from '@patchbay/claude'
import { loadConfig } from '@patchbay/config'
import { isLlmError, type Provider } from '@patchbay/core'
import { serve } from '@patchbay/gateway'
import { local } from '@patchbay/local'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { budget, fallback } from '@patchbay/policies'
import { answer, writeRaw as write } from '../terminal/answer.js'
import { bold, dim } from '../terminal/print.js'

/** Runs the demo. Nothing leaves this machine. */
export async function demo(signal: AbortSignal): Promise<void> {
  await using gateway = await own(
    serve({ loaded: await loadConfig({ config: {}, user: false }), otherwise: () => local(), port: 0 }),
  )
  await write('The small model pico on this machine answers. No key, nothing leaves this machine.\n')
  await switching(gateway.url, signal)
  await falling(signal)
  await spending(signal)
  await write(`
Next: ${bold('patchbay init')} sets up your own models, ${bold('patchbay chat')} talks to them,
      ${bold('patchbay serve')} opens a chat page and serves OpenAI, Anthropic and Ollama clients.
`)
}

async function switching(url: string, signal: AbortSignal): Promise<void> {
  await title('1. Switch models by changing one line', [
    "const llm = claude('claude-opus-5') // or openai(…), ollama(…), local(…)",
    "await llm.chat('What is the capital of France?')",
  ])
  await write(dim('  (over four protocols; a gateway on this machine plays the services)\n', process.stdout))
  const baseURL = { baseURL: url, apiKey: 'none' }
  for (const llm of [
    local(),
    claude('pico', baseURL),
    openai('pico', { ...baseURL, baseURL: `${url}/v1` }),
    ollama('pico', { baseURL: url }),
  ])
    await ask(llm, 'What is the capital of France?', signal, `  ${llm.provider.padEnd(8)}`).finally(() =>
      llm.close(),
    )
}

async function falling(signal: AbortSignal): Promise<void> {
  const broken = createServer((_, response) => response.writeHead(503).end('{}'))
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
  await title('2. Fallback: the first service is down, the next one answers', [
    "const llm = fallback([openai('gpt-5.6-sol'), local()])",
  ])
  const baseURL = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/v1`
  await using llm = fallback([openai('gpt-5.6-sol', { baseURL, apiKey: 'none', retry: false }), local()])
  try {
    const response = await ask(llm, 'What is the capital of Peru?', signal, '  ')
    await write(
      dim(
        `  answered by ${response.provider}. ${response.warnings.map(({ message }) => message).join(' ')}\n`,
        process.stdout,
      ),
    )
  } finally {
    broken.close()
  }
}

async function spending(signal: AbortSignal): Promise<void> {
  await title('3. Budget: a call that could cost too much is refused before it is sent', [
    "const llm = budget(local(), { limits: [{ per: 'day', tokens: 120 }] })",
  ])
  await using llm = budget(local(), { limits: [{ per: 'day', tokens: 120 }] })
  for (const country of ['Spain', 'Italy', 'Japan', 'Egypt', 'Kenya']) {
    try {
      await ask(llm, `What is the capital of ${country}?`, signal, '  ')
    } catch (error) {
      if (!isLlmError(error, 'budget-exceeded')) throw error
      return write(`${error.code}: ${error.message}\n`)
    }
    const [today] = await llm.spending()
    await write(dim(`  spent ${today?.spent.tokens} of ${today?.tokens} tokens\n`, process.stdout))
  }
}

async function title(text: string, code: string[]): Promise<void> {
  await write(`\n${bold(text)}\n${code.map((line) => `${dim(`  ${line}`, process.stdout)}\n`).join('')}`)
}

async function ask(llm: Provider, messages: string, signal: AbortSignal, before: string) {
  await write(before)
  return answer(llm, { messages, maxOutputTokens: 30 }, { signal })
}

/** Closed at the end of its block. */
async function own<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T & AsyncDisposable> {
  const opened = await opening
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() })
}
