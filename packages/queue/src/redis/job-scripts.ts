// Scripts of jobs that nobody waits for: how many each owner may have.
import { Script } from './scripts.js'

const places = `
local owned = KEYS[1] .. 'owned:' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** Takes one of an owner's places. Arguments: job, owner, places, milliseconds until it is free at the latest. Returns 0 if there is none. */
export const takePlace = new Script(`${places}
redis.call('ZREMRANGEBYSCORE', owned, '-inf', now)
if redis.call('ZCARD', owned) >= tonumber(ARGV[3]) and not redis.call('ZSCORE', owned, ARGV[1]) then return 0 end
redis.call('ZADD', owned, now + ARGV[4], ARGV[1])
redis.call('PEXPIRE', owned, ARGV[4])
return 1
`)

/** Frees it. Arguments: job, owner. */
export const freePlace = new Script(`${places}
return redis.call('ZREM', owned, ARGV[1])
`)
