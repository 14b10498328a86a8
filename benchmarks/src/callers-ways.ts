// Servers and workers for several callers of one model file: our worker, and servers that the benchmark starts.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalProvider, local } from '@patchbay/local'

/** A message of a conversation. */
export interface Said {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface Way {
  readonly name: string
  /** Answers with at most so many tokens, and tells of the first; gives how many there were, and the text. */
  ask(messages: Said[], tokens: number, onFirst: () => void): Promise<{ tokens: number; text: string }>
  close(): Promise<void>
}

export const most = 8
const context = 2560

export function ours(model: string): Way & { provider: LocalProvider } {
  const provider = local(model, { parallel: most, context, defaults: { temperature: 0 } })
  return {
    name: 'patchbay: `local()`',
    provider,
    async ask(messages, maxOutputTokens, onFirst) {
      const stream = provider.stream({
        messages: messages as { role: 'user'; content: string }[],
        maxOutputTokens,
      })
      let first = true
      for await (const _ of stream.text) {
        if (first) onFirst()
        first = false
      }
      const { usage, text } = await stream.response()
      return { tokens: usage.outputTokens ?? 0, text }
    },
    close: () => provider.close(),
  }
}

/** llama.cpp's own server, by its OpenAI interface. */
export async function llamaServer(program: string, model: string, threads: number): Promise<Way> {
  const port = await freePort()
  const size = String(context * most)
  const child = start(program, [
    ...['-m', model, '--host', '127.0.0.1', '--port', String(port), '-np', String(most), '-c', size],
    ...['-t', String(threads), '--jinja'],
  ])
  const url = `http://127.0.0.1:${port}`
  await answering(`${url}/health`, child)
  return overHttp('llama-server', `${url}/v1/chat/completions`, child, (messages, tokens) => ({
    messages,
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  }))
}

/** Ollama's server, by its OpenAI interface. */
export async function ollama(program: string, model: string): Promise<Way> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  const env = {
    ...process.env,
    OLLAMA_HOST: `127.0.0.1:${await freePort()}`,
    OLLAMA_MODELS: folder,
    OLLAMA_NUM_PARALLEL: String(most),
    OLLAMA_CONTEXT_LENGTH: String(context),
  }
  const child = start(program, ['serve'], env)
  const url = `http://${env.OLLAMA_HOST}`
  await answering(`${url}/api/version`, child)
  writeFileSync(join(folder, 'Modelfile'), `FROM ${model}\n`)
  const made = spawnSync(program, ['create', 'bench', '-f', join(folder, 'Modelfile')], {
    env,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`Ollama does not take the model: ${made.stderr}`)
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return overHttp('Ollama', `${url}/v1/chat/completions`, child, (messages, tokens) => ({
    model: 'bench',
    messages,
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  }))
}

function overHttp(
  name: string,
  url: string,
  child: ChildProcess,
  body: (messages: Said[], tokens: number) => object,
): Way {
  return {
    name,
    async ask(messages, tokens, onFirst) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body(messages, tokens)),
      })
      if (!response.ok || response.body === null)
        throw new Error(`${name}: ${response.status} ${await response.text()}`)
      let [rest, text, count] = ['', '', 0]
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + piece).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (!line.startsWith('data: {')) continue
          const { choices, usage } = JSON.parse(line.slice(6))
          const content = choices?.[0]?.delta?.content
          if (content && text === '') onFirst()
          text += content ?? ''
          count = usage?.completion_tokens ?? count
        }
      }
      return { tokens: count, text }
    },
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

function start(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(program, args, { env, stdio: 'ignore' })
  process.on('exit', () => child.kill('SIGKILL'))
  return child
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`)
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
