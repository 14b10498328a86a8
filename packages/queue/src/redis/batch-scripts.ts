// Scripts of batches: each result is recorded once, whichever worker has it first.
import { Script } from './scripts.js'

const batch = `
local base, id = KEYS[1], ARGV[1]
local info, results = base .. 'batch:' .. id, base .. 'batch:' .. id .. ':results'
-- A batch is kept until nothing of it can come any more, and then as long as was asked.
local function keepEnded()
  local counts = redis.call('HMGET', info, 'total', 'answered', 'failed', 'cancelled', 'keep')
  if counts[2] + counts[3] < tonumber(counts[1]) and not counts[4] then return end
  redis.call('PEXPIRE', info, counts[5])
  redis.call('PEXPIRE', results, counts[5])
end
`

/** Arguments: batch, number of requests, milliseconds to keep it once it has ended. */
export const createBatch = new Script(`${batch}
redis.call('HSET', info, 'total', ARGV[2], 'answered', 0, 'failed', 0, 'keep', ARGV[3])
return 1
`)

/**
 * Begins with a request of a batch. Arguments: batch, index, token of this attempt. Returns the number of the attempt; 0 if the batch is
 * cancelled or gone, or the request has its result. Harmless to repeat.
 */
export const beginRequest = new Script(`${batch}
if redis.call('EXISTS', info) == 0 or redis.call('HEXISTS', info, 'cancelled') == 1 then return 0 end
if redis.call('HEXISTS', results, ARGV[2]) == 1 then return 0 end
local attempt = 'attempt:' .. ARGV[2]
local number, token = string.match(redis.call('HGET', info, attempt) or '0', '^(%d+):?(.*)$')
if token == ARGV[3] then return tonumber(number) end
redis.call('HSET', info, attempt, number + 1 .. ':' .. ARGV[3])
return number + 1
`)

/**
 * Records a result, if there is none. All results are kept as long as the batch is.
 * Arguments: batch, index, 'answered' or 'failed', result.
 */
export const recordResult = new Script(`${batch}
if redis.call('EXISTS', info) == 0 then return 0 end
if redis.call('HSETNX', results, ARGV[2], ARGV[4]) == 0 then return 0 end
redis.call('HINCRBY', info, ARGV[3], 1)
redis.call('HDEL', info, 'attempt:' .. ARGV[2])
keepEnded()
return 1
`)

/** The numbers of requests, answers and failures, and whether it is cancelled; 0 if there is no such batch. Arguments: batch. */
export const readBatch = new Script(`${batch}
if redis.call('EXISTS', info) == 0 then return 0 end
local counts = redis.call('HMGET', info, 'total', 'answered', 'failed', 'cancelled')
return {tonumber(counts[1]), tonumber(counts[2]), tonumber(counts[3]), tonumber(counts[4] or 0)}
`)

/** Results from one index to another, as far as there are any, each after its index. Arguments: batch, first, last. */
export const readResults = new Script(`${batch}
local found = {}
for index = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local result = redis.call('HGET', results, index)
  if result then
    table.insert(found, index)
    table.insert(found, result)
  end
end
return found
`)

/** Cancels what has no result yet. Returns 0 if there is no such batch. Arguments: batch. */
export const cancelBatch = new Script(`${batch}
local counts = redis.call('HMGET', info, 'total', 'answered', 'failed')
if not counts[1] then return 0 end
if counts[2] + counts[3] < tonumber(counts[1]) then redis.call('HSET', info, 'cancelled', 1) end
keepEnded()
return 1
`)
