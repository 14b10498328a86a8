// Keys of the environment are sent only to their service's own hosts over https, or to an address that the caller names.
import { inspect } from 'node:util'
import type { LlmError } from '@patchbay/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Options, type Remote, remotes, thrownBy } from './backends.js'

const ofEnvironment = 'key-of-the-environment'
const given = 'key-that-was-given'

/** Whose key each backend reads, and from where. */
type Keyed = Exclude<keyof typeof remotes, 'vertex'>
const services: Record<Keyed, { host: string; key: string; address?: string; more?: string }> = {
  claude: {
    host: 'api.anthropic.com',
    key: 'ANTHROPIC_API_KEY',
    address: 'ANTHROPIC_BASE_URL',
    more: 'ANTHROPIC_CUSTOM_HEADERS',
  },
  bedrock: {
    host: 'bedrock-runtime.us-east-1.amazonaws.com',
    key: 'AWS_BEARER_TOKEN_BEDROCK',
    address: 'ANTHROPIC_BEDROCK_BASE_URL',
    more: 'ANTHROPIC_CUSTOM_HEADERS',
  },
  gemini: {
    host: 'generativelanguage.googleapis.com',
    key: 'GEMINI_API_KEY',
    address: 'GEMINI_BASE_URL',
  },
  chat: {
    host: 'api.openai.com',
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
    more: 'OPENAI_CUSTOM_HEADERS',
  },
  responses: {
    host: 'api.openai.com',
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
    more: 'OPENAI_CUSTOM_HEADERS',
  },
  azure: {
    host: 'openai.azure.com',
    key: 'AZURE_OPENAI_API_KEY',
    address: 'AZURE_OPENAI_ENDPOINT',
    more: 'OPENAI_CUSTOM_HEADERS',
  },
  ollama: { host: 'ollama.com', key: 'OLLAMA_API_KEY' },
}

const own = (host: string) => [
  `https://${host}`,
  `https://${host}/v1`,
  `https://${host}:8443/v1`,
  `HTTPS://${host.toUpperCase()}/v1`,
]

const others = (host: string) => [
  `http://${host}/v1`,
  `https://${host}./v1`,
  `https://${host}.evil.example/v1`,
  `https://${host}@evil.example/v1`,
  `https://${host}:443@evil.example/v1`,
  `https://${host}%2f@evil.example/v1`,
  `https://not-${host}/v1`,
  `https://${host.replace('.', '-')}/v1`,
  `https://evil.example/${host}`,
  `https://evil.example\\@${host}/v1`,
  `https://evil.example?${host}`,
  `https://evil.example#.${host}`,
  `https://${host}\t.evil.example/v1`,
  `https://api.groq.com/openai/v1`,
  'https://evil.example/v1',
  'http://10.0.0.7:8080/v1',
  'http://127.0.0.1:8080/v1',
  'http://localhost:8080/v1',
  'http://[::1]:8080/v1',
]

/** What is sent on the wire, and what the call fails with. */
async function asked(remote: Remote, options: Partial<Options>) {
  let sent = ''
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers))
    // Addresses of these tests hold the names of hosts alone; passwords go in a header.
    sent += `${String(url)}\n${JSON.stringify(headers)}\n`
    return Response.json({ error: { message: 'Nobody knows you' } }, { status: 401 })
  }
  const made = { retry: false, apiKey: undefined, ...options, fetch }
  const error = (await thrownBy(
    remote.make(made as Options).chat({ messages: 'Hi', maxOutputTokens: 20 }),
  )) as LlmError
  return { sent, error }
}

describe.each(Object.keys(services) as Keyed[])('%s', (name) => {
  const remote = remotes[name]
  const { host, key, address, more } = services[name]
  const environment = (variables: Record<string, string | undefined>) => {
    for (const variable of [
      'OPENAI_BASE_URL',
      'ANTHROPIC_BASE_URL',
      'OLLAMA_HOST',
      'GROQ_API_KEY',
      'AZURE_OPENAI_ENDPOINT',
    ])
      vi.stubEnv(variable, '')
    for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value)
    onTestFinished(() => void vi.unstubAllEnvs())
  }

  it.each(own(host))("goes to its maker's %j", async (baseURL) => {
    environment({ [key]: ofEnvironment })
    expect((await asked(remote, { baseURL })).sent).toContain(ofEnvironment)
  })

  it.each(others(host))('does not go to %j', async (baseURL) => {
    environment({
      [key]: ofEnvironment,
      ...(more && { [more]: `x-tenant: secret-of-environment\nAuthorization: Bearer ${ofEnvironment}` }),
      OPENAI_ORG_ID: 'org-of-environment',
      OPENAI_PROJECT_ID: 'project-of-environment',
      ANTHROPIC_AUTH_TOKEN: 'token-of-environment',
    })
    const { sent, error } = await asked(remote, { baseURL })
    expect(sent).not.toMatch(/of-?(the)?-environment/)
    expect(error).toMatchObject({ code: 'authentication' })
    // A user in the address is what was refused.
    if (new URL(baseURL).username === '') expect(error.message).toContain('Pass apiKey')
    if (new URL(baseURL).host === 'evil.example' && new URL(baseURL).username === '')
      expect(error.message).toContain(
        `No key was sent: ${key} is only used for https://${host}. Pass apiKey for evil.example.`,
      )
  })

  // A password in the address and a key would need one header.
  const places = [...own(host), ...others(host)].filter((place) => !place.includes('@e') || name === 'claude')
  it.each(places)('that was given goes to %j', async (baseURL) => {
    environment({ [key]: ofEnvironment })
    const { sent, error } = await asked(remote, { baseURL, apiKey: given })
    expect(sent).toContain(given)
    expect(sent).not.toContain(ofEnvironment)
    expect(error.message).not.toContain('No key was sent')
  })

  it("an authorization of the caller's own is what was refused", async () => {
    environment({ [key]: ofEnvironment })
    const headers = { authorization: 'Acme mine', 'x-api-key': 'mine' }
    const { sent, error } = await asked(remote, { baseURL: 'https://evil.example', headers })
    expect(sent).toContain('mine')
    expect(sent).not.toContain(ofEnvironment)
    expect(error.message).not.toContain('No key was sent')
  })

  it('in place of an address or a model is repeated nowhere', async () => {
    const pasted = 'sk-proj-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c'
    const fetch = (url: unknown) =>
      Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: new Error(`ENOTFOUND ${url}`) }))
    const made = [
      () => remote.make({ baseURL: pasted, retry: false, fetch } as Options),
      () => remote.make({ baseURL: `ftp://${pasted}`, retry: false, fetch } as Options),
      () => remote.factory(pasted),
    ]
    for (const make of made) {
      const error = await thrownBy((async () => make().chat('Hi'))())
      expect(error).toMatchObject({ code: expect.stringMatching(/^(config|network)$/) })
      expect(inspect(error, { depth: 9 }).toLowerCase()).not.toContain(pasted.slice(8).toLowerCase())
    }
  })

  if (address !== undefined)
    it('is sent to the address of the environment, however it is spelled', async () => {
      const spelled = [
        'http://h.example/v1',
        'http://h.example/v1/',
        'HTTP://H.example:80/v1',
        ' http://h.example/a/../v1',
      ]
      for (const named of spelled)
        for (const baseURL of spelled) {
          environment({ [key]: ofEnvironment, [address]: named })
          expect((await asked(remote, { baseURL })).sent).toContain(ofEnvironment)
        }
      const elsewhere = [
        'https://h.example/v1',
        'http://h.example:81/v1',
        'http://h.example/V1',
        'http://h.example/v1//',
        'http://h.example',
        'http://x.h.example/v1',
        'http://h.example/v1?k=1',
      ]
      for (const named of [...elsewhere, 'no address', '', '/'])
        for (const baseURL of spelled) {
          environment({ [key]: ofEnvironment, [address]: named })
          expect((await asked(remote, { baseURL })).sent).not.toContain(ofEnvironment)
        }
    })

  if (address !== undefined)
    it.each([
      undefined,
      'written out',
    ])('is sent to the address of the environment (baseURL %s)', async (written) => {
      const baseURL = 'http://10.0.0.7:8080/v1'
      environment({ [key]: ofEnvironment, [address]: baseURL })
      expect((await asked(remote, written === undefined ? {} : { baseURL })).sent).toContain(ofEnvironment)
      const elsewhere = await asked(remote, { baseURL: `${baseURL}/other` })
      expect(elsewhere.sent).not.toContain(ofEnvironment)
    })
})
