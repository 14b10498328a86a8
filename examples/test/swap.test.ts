// The same program on every backend, by its configuration alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FaultServer } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { simulateAnthropic } from '../../packages/claude/test/server.js'
import { simulateOllama } from '../../packages/ollama/test/server.js'
import { simulateOpenAI } from '../../packages/openai/test/server.js'
import { at, runProgram } from './run.js'

const nobody = async (): Promise<undefined> => undefined

it.each<[string, (baseURL: string) => object, () => Promise<FaultServer | undefined>]>([
  ['local', () => ({ use: 'local' }), nobody],
  [
    'claude',
    (baseURL) => ({ use: 'claude', model: 'claude-sonnet-4-5', apiKey: '${KEY}', baseURL }),
    simulateAnthropic,
  ],
  [
    'openai, Responses',
    (baseURL) => ({ use: 'openai', model: 'gpt-5', api: 'responses', apiKey: '${KEY}', baseURL }),
    simulateOpenAI,
  ],
  [
    'openai, Chat Completions',
    (baseURL) => ({ use: 'openai', model: 'gpt-x', api: 'chat', apiKey: '${KEY}', baseURL }),
    simulateOpenAI,
  ],
  ['ollama', (baseURL) => ({ use: 'ollama', model: 'tiny', baseURL }), simulateOllama],
  [
    'local, where the first is down',
    () => ({ use: 'ollama', model: 'tiny', baseURL: 'http://127.0.0.1:9', retry: false, fallback: 'here' }),
    nobody,
  ],
])('%s', async (_, entry, play) => {
  const server = await play()
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-swap-'))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server?.close()
  })
  const config = { default: 'main', providers: { main: entry(server?.url ?? ''), here: 'local' } }
  writeFileSync(join(folder, 'patchbay.config.json'), JSON.stringify(config))
  const env = { KEY: 'k', XDG_CONFIG_HOME: folder }
  expect(await runProgram(at('swap/app.ts'), env, folder)).toBe(
    'The capital of France is Paris.\nEve is 30. Tokens were counted.\n',
  )
})
