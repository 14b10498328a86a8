// The Next.js example: its page in a browser, and its route handler with the AI SDK's chat class (the one behind `useChat`).
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { DefaultChatTransport, type UIMessage } from 'ai'
import { build } from 'esbuild'
import { describe, expect, it, onTestFinished } from 'vitest'
import { browserPath, launch } from '../../apps/gateway/test/chromium.js'
import { chatBy, textOf } from '../../packages/ai-sdk/test/chat.js'
import { POST } from '../next/app/api/chat/route.js'
import { at } from './run.js'

it('answers, calls the tool, and goes on', async () => {
  const handle: typeof fetch = async (url, init) =>
    POST(new Request(new URL(String(url), 'http://app.example'), init))
  const chat = chatBy(new DefaultChatTransport({ api: '/api/chat', fetch: handle }))
  await chat.sendMessage({ text: 'What is the weather in Lima?' })
  expect(chat.error).toBeUndefined()
  const answer = chat.lastMessage as UIMessage
  expect(answer.parts.map(({ type }) => type)).toContain('tool-get_weather')
  expect(textOf(answer)).toContain('21 degrees')
  await chat.sendMessage({ text: 'What is the capital of France?' })
  expect(textOf(chat.lastMessage as UIMessage)).toContain('The capital of France is Paris.')
})

/** What Next.js would serve: the page, bundled for the browser, and the route. */
async function site(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createRoot } from 'react-dom/client'
        import Page from './page.js'
        createRoot(document.body).render(<Page />)`,
      resolveDir: at('next/app'),
      loader: 'tsx',
    },
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
    logLevel: 'error',
  })
  const script = outputFiles[0]?.text ?? ''
  const pages: Record<string, [type: string, text: string]> = {
    '/': [
      'text/html',
      '<!doctype html><link rel="icon" href="data:,"><body></body><script type="module" src="/page.js"></script>',
    ],
    '/page.js': ['text/javascript', script],
  }
  const server = createServer(
    getRequestListener(async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/api/chat') return POST(request)
      const [type, text] = pages[pathname] ?? ['text/plain', '']
      return new Response(text, { status: text === '' ? 404 : 200, headers: { 'content-type': type } })
    }),
  ).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe.skipIf(!browserPath)('the page, in a browser', () => {
  it('streams an answer, shows the tool, and goes on with the conversation', async () => {
    const browser = await launch()
    onTestFinished(() => browser.close())
    const { page, wrong } = await browser.open(await site())
    const ask = async (question: string) => {
      await page.getByRole('textbox', { name: 'Question' }).fill(question)
      await page.getByRole('button', { name: 'Ask' }).click()
    }
    await ask('What is the weather in Lima?')
    await page.getByText('looking at the weather: output-available').waitFor({ timeout: 30_000 })
    await page.getByText('It is 21 degrees and sunny in Lima.').waitFor({ timeout: 30_000 })
    await ask('What is the capital of France?')
    await page.getByText('The capital of France is Paris.').waitFor({ timeout: 30_000 })
    expect(await page.getByRole('listitem').evaluateAll((all) => all.map((one) => one.dataset.role))).toEqual(
      ['user', 'assistant', 'user', 'assistant'],
    )
    expect(wrong).toEqual([])
  })
})
