// `provider('claude:claude-opus-5')`: a provider by its backend and model, without configuration files.
import { isLlmError } from '@patchbay/core'
import { expect, it, onTestFinished, vi } from 'vitest'
import { provider } from './index.js'

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown) => thrown)
  if (!isLlmError(error, 'config')) throw error
  return error.message
}

it('makes the provider of a backend and model, with its options', async () => {
  const llm = await provider('claude:claude-opus-5', { timeout: 60_000, defaults: { maxOutputTokens: 5 } })
  expect(llm).toMatchObject({ provider: 'claude', model: 'claude-opus-5', defaults: { maxOutputTokens: 5 } })
  expect(llm.timeouts?.total).toBe(60_000)
  await llm.close()
})

it('makes a Gemini model, on the Gemini API and on Vertex AI', async () => {
  const llm = await provider('gemini:gemini-3.6-flash', {
    vertex: { project: 'p', location: 'europe-west4' },
  })
  expect(llm).toMatchObject({ provider: 'gemini', model: 'gemini-3.6-flash' })
  await llm.close()
  const { gemini } = await import('@patchbay/gemini')
  expect(Object.keys(gemini('m'))).toEqual(Object.keys(llm))
})

it('makes a model on Azure, with a key or with tokens', async () => {
  const fetch = vi.fn(async (_url: unknown, _init?: RequestInit) => Response.json({}, { status: 400 }))
  vi.stubGlobal('fetch', fetch)
  onTestFinished(() => void vi.unstubAllGlobals())
  for (const more of [{ apiKey: 'k' }, { tokenProvider: async () => 'a-token' }]) {
    const llm = await provider('openai:my-deployment', {
      ...{ host: 'azure', resource: 'me', retry: false },
      ...more,
    })
    await llm.chat('Hi').catch(() => {})
  }
  const sent = fetch.mock.calls.map(([url, init]) => {
    const headers = new Headers(init?.headers)
    return `${url} ${headers.get('api-key')} ${headers.get('authorization')}`
  })
  const url = 'https://me.openai.azure.com/openai/v1/chat/completions'
  expect(sent).toEqual([`${url} k null`, `${url} null Bearer a-token`])
})

it('makes a Claude model on Amazon Bedrock, with a key or with credentials', async () => {
  vi.stubEnv('ANTHROPIC_BEDROCK_BASE_URL', undefined)
  const fetch = vi.fn(async (_url: unknown, _init?: RequestInit) => Response.json({}, { status: 400 }))
  vi.stubGlobal('fetch', fetch)
  onTestFinished(() => {
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
  })
  const credentials = async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' })
  for (const more of [{ apiKey: 'k' }, { credentials }]) {
    const llm = await provider('claude:eu.anthropic.claude-sonnet-4-5-20250929-v1:0', {
      ...{ host: 'bedrock', region: 'eu-west-1', retry: false },
      ...more,
    })
    await llm.chat('Hi').catch(() => {})
  }
  const sent = fetch.mock.calls.map(([url, init]) => [
    new URL(String(url)).host,
    new Headers(init?.headers).get('authorization'),
  ])
  const host = 'bedrock-runtime.eu-west-1.amazonaws.com'
  expect(sent).toEqual([
    [host, 'Bearer k'],
    [host, expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKIA1\/\d+\/eu-west-1\/bedrock\//)],
  ])
})

it('reads no configuration: also where one is, the target is what it says', async () => {
  vi.stubEnv('PATCHBAY_PROVIDER', 'another')
  onTestFinished(() => void vi.unstubAllEnvs())
  const llm = await provider('ollama:qwen3:0.6b')
  expect(llm).toMatchObject({ provider: 'ollama', model: 'qwen3:0.6b' })
  await llm.close()
})

it.each<[string, () => Promise<unknown>, RegExp]>([
  ['another company', () => provider('anthropic:claude-opus-5'), /Use claude/],
  ['a model of Google', () => provider('google:gemini-3.6-flash'), /Use gemini/],
  ['a misspelled backend', () => provider('opneai:gpt-5'), /Did you mean openai\?/],
  ['no model', () => provider('claude'), /claude\(\) needs a model/],
  ['a misspelled option', () => provider('claude:x', { baseUrl: 'y' } as never), /Did you mean baseURL\?/],
])('says what is wrong, with the fix: %s', async (_, work, fix) => {
  expect(await messageOf(work())).toMatch(fix)
})
