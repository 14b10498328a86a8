// A new configuration never opens what keys had closed, and what is served does not change by one that is wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newKey, serve } from '../index.js'

const { key, hash } = newKey()
const closed = { gateway: { keys: { ann: { hash } } } }

async function world(config: object = closed) {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-reload-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'patchbay.config.yaml')
  const write = (text: string) => writeFileSync(file, text)
  write(JSON.stringify(config))
  const load = () => loadConfig({ cwd: folder, user: false })
  const gateway = await serve({ loaded: await load(), otherwise: () => mockProvider(), port: 0 })
  onTestFinished(() => gateway.close())
  const status = async (headers: Record<string, string> = {}) =>
    (await fetch(`${gateway.url}/v1/models`, { headers })).status
  const reload = async () => gateway.reload(await load())
  return { file, write, reload, status, load, gateway }
}

describe('is refused, and keys stay', () => {
  it.each<[string, (world: { file: string; write(text: string): void }) => void, string]>([
    ['where the file is gone', ({ file }) => rmSync(file), 'is gone'],
    ['where it is empty', ({ write }) => write(''), 'patchbay.config.yaml'],
    ['where it is half written', ({ write }) => write('gateway: { keys:'), 'patchbay.config.yaml'],
    ['where it is no configuration', ({ write }) => write('[]'), 'patchbay.config.yaml'],
    ['where the keys are gone', ({ write }) => write('gateway: { strictModels: true }'), 'has no keys'],
    ['where there are none any more', ({ write }) => write('gateway: { keys: {} }'), 'has no keys'],
    [
      'where a key is none',
      ({ write }) => write('gateway: { keys: { ann: { hash: x } } }'),
      'patchbay.config.yaml',
    ],
  ])('%s', async (_, change, message) => {
    const { reload, status, ...rest } = await world()
    expect(await status()).toBe(401)
    change(rest)
    await expect(reload()).rejects.toThrow(message)
    expect(await status()).toBe(401)
    expect(await status({ authorization: `Bearer ${key}` })).toBe(200)
    // What is right again is taken.
    rest.write(JSON.stringify(closed))
    await reload()
    expect(await status()).toBe(401)
  })
})

it('without a file says so also where there were no keys', async () => {
  const { file, reload, status } = await world({ gateway: { strictModels: true } })
  rmSync(file)
  await expect(reload()).rejects.toThrow('Restart the gateway to run without it.')
  expect(await status()).toBe(200)
})

it('with other keys is taken', async () => {
  const { write, reload, status } = await world()
  const bob = newKey()
  write(JSON.stringify({ gateway: { keys: { bob: { hash: bob.hash } } } }))
  await reload()
  expect(await status({ authorization: `Bearer ${key}` })).toBe(401)
  expect(await status({ authorization: `Bearer ${bob.key}` })).toBe(200)
})
