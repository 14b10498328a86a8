// State that several processes share, in Redis.
import type { StateStore } from './state.js'

/** A connected client: `createClient()` of `redis`, or an `ioredis`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }

// Compare and swap in one step of the server's. ARGV: expected, whether it is there at all, next, milliseconds to live.
const swap = `local now = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then if now then return 0 end elseif now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`

/** State in Redis, its keys behind `prefix`. The client is the app's: it connects it, and closes it. */
export function redisState(client: RedisClient, { prefix = 'patchbay:' } = {}): StateStore {
  const send = (...args: [string, ...string[]]): Promise<unknown> =>
    'call' in client ? client.call(...args) : client.sendCommand(args)
  return {
    async get(key) {
      const value = await send('GET', prefix + key)
      return value === null ? undefined : String(value)
    },
    async swap(key, expected, next, ttlMs) {
      const there = expected === undefined ? '0' : '1'
      const ttl = String(Math.max(1, Math.ceil(ttlMs)))
      return Number(await send('EVAL', swap, '1', prefix + key, expected ?? '', there, next, ttl)) === 1
    },
  }
}
