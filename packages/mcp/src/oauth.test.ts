// Sign-in by OAuth through the official client, at the official SDK's authorization server.
import { isLlmError, type LlmError } from '@patchbay/core'
import { expect, it, onTestFinished } from 'vitest'
import { oauthServer } from '../test/official-servers.js'
import { type McpTools, mcpTools, type OAuthClientProvider, type RemoteServer } from './index.js'

/** An app's store of credentials; `page` is where the user was sent last. */
class Store implements OAuthClientProvider {
  redirectUrl = 'http://127.0.0.1:9/callback'
  clientMetadata = {
    client_name: 'App',
    redirect_uris: [this.redirectUrl],
    scope: 'mcp:tools',
    token_endpoint_auth_method: 'none',
  }
  page: URL | undefined
  sentTo = 0
  readonly #saved = new Map<string, unknown>()

  state = () => 'state-1'
  clientInformation = () => this.#saved.get('client') as never
  saveClientInformation = (client: unknown) => void this.#saved.set('client', client)
  tokens = () => this.#saved.get('tokens') as never
  saveTokens = (tokens: unknown) => void this.#saved.set('tokens', tokens)
  codeVerifier = () => String(this.#saved.get('verifier'))
  saveCodeVerifier = (verifier: string) => void this.#saved.set('verifier', verifier)
  discoveryState = () => this.#saved.get('discovery') as never
  saveDiscoveryState = (state: unknown) => void this.#saved.set('discovery', state)
  redirectToAuthorization = (page: URL) => {
    this.page = page
    this.sentTo++
  }

  /** What the user does: opens the page, agrees, and is sent back. */
  signIn = async (): Promise<URL> => {
    const response = await fetch(String(this.page), { redirect: 'manual' })
    const back = new URL(String(response.headers.get('location')))
    expect(back.searchParams.get('state')).toBe('state-1')
    return back
  }
}

async function who(connection: McpTools): Promise<unknown> {
  const context = { id: 'c', messages: [], context: undefined, signal: new AbortController().signal }
  return await connection.tools.find(({ name }) => name === 'who')?.run?.({}, context)
}

async function connect(server: RemoteServer): Promise<McpTools> {
  const connection = await mcpTools(server)
  onTestFinished(() => connection.close())
  return connection
}

async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

it('waits for the user to sign in, and uses the tokens from then on', async () => {
  const url = `${await oauthServer()}/mcp`
  const store = new Store()
  const connection = await connect({ url, auth: store, callback: store.signIn })
  expect(await who(connection)).toMatch(/^client [\w-]{36}$/)
  // Another connection needs nobody.
  expect(await who(await connect({ url, auth: store }))).toBe(await who(connection))
  expect(store.sentTo).toBe(1)
})

it('says that the user has to sign in, and goes on with the address the user came back to', async () => {
  const url = `${await oauthServer()}/mcp`
  const store = new Store()
  expect(await failureOf(mcpTools({ url, auth: store }))).toMatchObject({
    code: 'authentication',
    status: 401,
    message: expect.stringMatching(/the user has to sign in.*`callback`/),
  })
  const callback = await store.signIn()
  expect(await who(await connect({ url, auth: store, callback }))).toMatch(/^client /)
  expect(store.sentTo).toBe(1)
  // The code is good for one time.
  expect(await failureOf(mcpTools({ url, auth: store, callback }))).toMatchObject({ code: 'authentication' })
})

it('tells a sign-in that the user refused, and a callback of somebody else', async () => {
  const url = `${await oauthServer()}/mcp`
  for (const query of ['error=access_denied&error_description=no', 'code=forged', '']) {
    const store = new Store()
    const callback = () => new URL(`${store.redirectUrl}?${query}`)
    expect(await failureOf(mcpTools({ url, auth: store, callback }))).toMatchObject({
      code: 'authentication',
    })
  }
})

it('has the user sign in again in the middle of a call, which is made then', async () => {
  const origin = await oauthServer()
  const store = new Store()
  let waited = 0
  const callback = async () => {
    waited++
    return await store.signIn()
  }
  const connection = await connect({ url: `${origin}/mcp`, auth: store, callback })
  const before = await who(connection)
  await fetch(`${origin}/forget`)
  expect(await who(connection)).toBe(before)
  expect(waited).toBe(2)
})

it('fails a call whose tokens are no longer good, where the app does not wait for the user', async () => {
  const origin = await oauthServer()
  const store = new Store()
  const { url, signIn } = { url: `${origin}/mcp`, signIn: store.signIn }
  await failureOf(mcpTools({ url, auth: store }))
  const connection = await connect({ url, auth: store, callback: await signIn() })
  await fetch(`${origin}/forget`)
  expect(await failureOf(who(connection))).toMatchObject({ code: 'authentication', status: 401 })
  const again = await connect({ url, auth: store, callback: await signIn() })
  // Both have the tokens of the store.
  expect(await who(connection)).toBe(await who(again))
})

it('waits for the user no longer than the caller wants', async () => {
  const controller = new AbortController()
  const callback = async () => {
    controller.abort()
    return await new Promise<URL>(() => {})
  }
  const server = { url: `${await oauthServer()}/mcp`, auth: new Store(), callback }
  expect(await failureOf(mcpTools(server, { signal: controller.signal }))).toMatchObject({ code: 'aborted' })
})

it('asks for a token of the app before every request, and never shows it', async () => {
  const url = `${await oauthServer()}/mcp`
  const error = await failureOf(mcpTools({ url, auth: { token: async () => 'sk-secret' } }))
  expect(error).toMatchObject({ code: 'authentication', status: 401 })
  expect(JSON.stringify([error.message, String(error.cause)])).not.toContain('sk-secret')
})

it('says that the credentials of `auth` may not do something, and does not blame `headers`', async () => {
  const error = await failureOf(
    mcpTools({
      ...{ url: 'http://127.0.0.1:9', auth: { token: async () => 'sk-secret' } },
      fetch: async () => new Response('{}', { status: 403 }),
    }),
  )
  expect(error).toMatchObject({
    code: 'permission-denied',
    status: 403,
    message: expect.stringMatching(/credentials of `auth` may not do this \(403\).*scopes/),
  })
  expect(error.message).not.toContain('headers')
})

it('sends the headers of a server to no other host, whatever host that server names for the sign-in', async () => {
  const sent: { host: string; secret: string | null }[] = []
  const fetch = async (address: string | URL | Request, init?: RequestInit) => {
    const { host } = new URL(address instanceof Request ? address.url : address)
    sent.push({ host, secret: new Headers(init?.headers).get('x-api-key') })
    const metadata = 'Bearer resource_metadata="https://other.example/metadata"'
    return host === 'mcp.example'
      ? new Response('', { status: 401, headers: { 'www-authenticate': metadata } })
      : new Response('', { status: 404 })
  }
  await failureOf(
    mcpTools({
      ...{ url: 'https://mcp.example/mcp', headers: { 'x-api-key': 'secret' }, auth: new Store() },
      fetch: fetch as typeof globalThis.fetch,
    }),
  )
  const secretsOf = (host: string) =>
    new Set(sent.filter((one) => one.host === host).map(({ secret }) => secret))
  expect(secretsOf('mcp.example')).toEqual(new Set(['secret']))
  expect(secretsOf('other.example')).toEqual(new Set([null]))
})
