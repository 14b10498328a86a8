// The gateway as a process, for tests: started in a folder of its own, and killed at the end.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'

export const command = fileURLToPath(new URL('../dist/index.js', import.meta.url))
export const key = 'pb-test'
export const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`
/** A gateway in a folder of its own, with these files in it, or with this configuration. */
export async function started(config: object, files: Record<string, string> = {}, flags: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-serve-'))
  const file = join(folder, 'patchbay.config.json')
  const write = (texts: Record<string, string>) => {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  }
  write(Object.keys(files).length > 0 ? files : { 'patchbay.config.json': JSON.stringify(config) })
  const child = spawn(process.execPath, [command, 'serve', '--port', '0', ...flags], {
    cwd: folder,
    env: { ...process.env, XDG_CONFIG_HOME: '/nonexistent', PATCHBAY_PROVIDER: '', OPENAI_API_KEY: 'x' },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? '')),
  )
  await until(() => out.includes('\n') || child.exitCode !== null)
  const url = out.split('\n')[0]?.slice('listening on '.length) ?? ''
  const ask = (
    path = '/v1/chat/completions',
    body: object = { messages: [{ role: 'user', content: 'Hi' }] },
  ) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    })
  return { child, ended, url, ask, file, write, err: () => err }
}

/** Resolves when the condition holds; fails with its text after 20 seconds. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition(), String(condition)).toBe(true), { timeout: 20_000, interval: 5 })
}

/** How long the process takes to end, in milliseconds. */
export async function endOf({ child, ended }: Awaited<ReturnType<typeof started>>) {
  const began = performance.now()
  child.kill('SIGTERM')
  const code = await ended
  return { code, ms: performance.now() - began }
}
