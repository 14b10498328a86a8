// Gateways with a database and an admin, for tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type GatewayEntry, loadConfig } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, onTestFinished, vi } from 'vitest'
import { type GatewayServer, serve } from '../src/index.js'

export const adminKey = 'the-admin-key-of-the-tests'

/** An address for a database file of its own. */
export function sqliteAddress(): string {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-admin-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'gateway.db')}`
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  body: any
  headers: Headers
  text: string
}

export interface AdminWorld {
  gateway: GatewayServer
  url: string
  /** A request of the admin. */
  admin(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** A question with a key. */
  ask(key: string | undefined, path?: string, body?: object): Promise<Answer>
  /** Waits until the records of all requests are written. */
  written(): Promise<void>
}

/** A gateway with a database and an admin. */
export async function adminWorld(
  settings: GatewayEntry = {},
  provider: () => Provider = () => mockProvider(),
  config: Omit<Config, 'gateway'> = {},
): Promise<AdminWorld> {
  vi.stubEnv('PATCHBAY_ADMIN_KEY', adminKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  const database = settings.database ?? sqliteAddress()
  const loaded = await loadConfig({ config: { ...config, gateway: { ...settings, database } }, user: false })
  // Failures that tests cause need no lines in the log.
  const gateway = await serve({ loaded, otherwise: provider, port: 0, onRequest: () => {} })
  onTestFinished(() => gateway.close())
  const world = worldOf(gateway)
  // A busy machine opens it after the start. Those at a port are gone on purpose.
  if (!/@127\.0\.0\.1/.test(database))
    await vi.waitFor(async () => expect((await world.admin('GET', '/keys')).status).toBe(200), {
      timeout: 40_000,
      interval: 100,
    })
  return world
}

/** The same for a gateway that runs. */
export function worldOf(gateway: Pick<GatewayServer, 'url'>): AdminWorld {
  const { url } = gateway
  const admin: AdminWorld['admin'] = async (method, path, body, headers = {}) =>
    answerOf(
      await fetch(`${url}/admin${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
  return {
    gateway: gateway as GatewayServer,
    url,
    admin,
    ask: async (key, path = '/v1/chat/completions', body = question) =>
      answerOf(
        await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(key !== undefined && { 'x-api-key': key }) },
          body: JSON.stringify(body),
        }),
      ),
    async written() {
      await vi.waitFor(
        async () => {
          const key = (await admin('POST', '/keys', { name: `metrics${Math.random()}` })).body.key
          const text = await (await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } })).text()
          expect(text).toContain('patchbay_database_waiting 0')
        },
        { timeout: 20_000, interval: 100 },
      )
    },
  }
}

const question = { messages: [{ role: 'user', content: 'Hi' }] }

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const { status, headers } = response
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // CSV, or a stream.
  }
  return { status, headers, text, body }
}
