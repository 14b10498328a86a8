// The files of `deploy/`: what a container is started with is a configuration the gateway takes, key and all.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { expect, it } from 'vitest'
import { ApiKeys } from './api-keys.js'

const at = (path: string) => fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url))

it('the example configuration is one, and its key is the one it names', async () => {
  const { gateway, shared, providers } = await loadConfig({
    config: at('config/patchbay.config.yaml'),
    user: false,
  })
  expect([...providers.keys()]).toEqual(['small'])
  expect(shared?.place).toBe('redis://redis:6379')
  expect(new ApiKeys(gateway.keys).clientOf(new Headers({ 'x-api-key': 'pb-example' })).name).toBe('example')
  expect(gateway.keys?.example?.hash).toBe(
    `sha256:${createHash('sha256').update('pb-example').digest('hex')}`,
  )
})
