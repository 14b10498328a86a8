// The files of `deploy/`: what a container is started with is a configuration the gateway takes, key and all.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { Keys } from './api-keys.js'

const at = (path: string) => fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url))

it('the example configuration is one, and its key is the one it names', async () => {
  const { gateway, shared, providers } = await loadConfig({ config: at('patchbay.config.yaml'), user: false })
  expect([...providers.keys()]).toEqual(['small'])
  expect(shared?.place).toBe('redis://redis:6379')
  expect(new Keys(gateway.keys).of(new Headers({ 'x-api-key': 'pb-example' })).name).toBe('example')
  expect(gateway.keys?.example?.hash).toBe(
    `sha256:${createHash('sha256').update('pb-example').digest('hex')}`,
  )
})

it('the compose file names what is there, and gives what runs more time to finish than the gateway takes', async () => {
  const { services } = parse(readFileSync(at('compose.yaml'), 'utf8'))
  const { build, volumes, stop_grace_period } = services.gateway
  expect(readFileSync(at(`../${build.dockerfile}`), 'utf8')).toContain('serve')
  const [file, mounted] = volumes[0].split(':')
  expect(readFileSync(at(file), 'utf8')).toContain('gateway:')
  expect(readFileSync(at('Dockerfile'), 'utf8')).toContain(`"--config", "${mounted}"`)
  expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(30)
  expect(Object.keys(services)).toContain('redis')
})
