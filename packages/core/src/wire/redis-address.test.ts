// Addresses of Redis: a password with any signs never becomes a host.
import { redisAddress } from '@patchbay/core/wire'
import { expect, it } from 'vitest'

it.each([
  ['redis://localhost', 'localhost', ''],
  ['rediss://u:p%2F1@host:6380/2', 'host', 'p/1'],
  ['redis://u:12@34@host/0', 'host', '12@34'],
  ['redis://u:123:%2F%2Fx@host/0', 'host', '123://x'],
])('%s', (address, host, password) => {
  expect(redisAddress(address)).toMatchObject({ nodes: [{ host }], password })
})

it.each(['redis://u:123://x@host/0', 'redis:host', 'host', 'redis://'])('is not one: %s', (address) => {
  expect(redisAddress(address)).toBeUndefined()
})
