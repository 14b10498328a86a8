// Scripts that run inside Redis: each is one atomic step of a call. BullMQ keeps the jobs; these keep what it has no word for: the bound,
// turns of callers, leases, the attempt that may answer, and the mailboxes through which answers go.
import { createHash } from 'node:crypto'
import type { Connection } from './connection.js'

/** A script. All its keys have the hash tag of the queue, so that they are on one node of a cluster. */
export class Script {
  readonly #sha: string

  constructor(private readonly lua: string) {
    this.#sha = createHash('sha1').update(lua).digest('hex')
  }

  async run(redis: Connection, base: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, 1, base, ...args)
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error
      return redis.eval(this.lua, 1, base, ...args)
    }
  }
}

/** How long a mailbox outlives its reader, in milliseconds: no shorter than any lease. */
export const mailboxMs = 60_000

/** Milliseconds between two heartbeats. Several fit into a lease, and into the time in which Redis must answer. */
export const heartbeatMs = (lease: number): number => Math.min(lease / 4, 2500)

// Redis' own clock is the one that all machines share.
const clock = `
local base = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waiting, turns = base .. 'waiting', base .. 'turns'
local bull = string.gsub(base, '^patchbay%-calls:', 'patchbay:')
-- A full Redis refuses a script that begins with a write that needs memory; after one that needs none, it lets the rest pass. So what has
-- begun comes to its end, and makes room.
local function passFull() redis.call('ZREM', waiting, '') end
local function callKey(id) return base .. 'call:' .. id end
local function post(box, id, kind, body, attempt, number)
  redis.call('XADD', base .. 'mail:' .. box, '*', 'call', id, 'kind', kind, 'body', body, 'attempt', attempt or '', 'number', number or 0)
  redis.call('PEXPIRE', base .. 'mail:' .. box, ${mailboxMs})
end
`

// BullMQ's priorities end at 2^21: three levels of so many turns, and batches behind them.
const turnsPerLevel = 500_000
// Early enough: a caller's turns are at most the queue's bound ahead of the turn that is running.
const renumberAt = 400_000

// Turns of a queue that is never empty are numbered anew before they reach the next level: the numbers of those who wait, their jobs'
// priorities and the turns of callers become smaller by the same. Jobs are ordered by priority * 2^32 + a count (BullMQ 6.7). A call
// whose job is not there yet is lowered by one that enters later.
const renumbering = `
local late = base .. 'late'
local function lowerJob(id, by)
  local score = redis.call('ZSCORE', bull .. 'prioritized', id)
  if not score then return false end
  redis.call('ZADD', bull .. 'prioritized', string.format('%.0f', score - by * 4294967296), id)
  redis.call('HINCRBY', bull .. id, 'priority', -by)
  return true
end
local function lowerLate()
  local all = redis.call('HGETALL', late)
  for at = 1, #all, 2 do
    if not redis.call('ZSCORE', waiting, all[at]) or lowerJob(all[at], tonumber(all[at + 1])) then redis.call('HDEL', late, all[at]) end
  end
end
local function renumber(level)
  local by = tonumber(redis.call('HGET', turns, level) or 0)
  local calls = {}
  for _, id in ipairs(redis.call('ZRANGE', waiting, 0, -1)) do
    local of, turn = unpack(redis.call('HMGET', callKey(id), 'level', 'turn'))
    if of == level then
      calls[#calls + 1] = id
      by = math.min(by, turn - 1)
    end
  end
  if by <= 0 then return 0 end
  local all = redis.call('HGETALL', turns)
  for at = 1, #all, 2 do
    if all[at] == level or string.sub(all[at], 1, 2) == level .. ':' then
      redis.call('HSET', turns, all[at], math.max(0, all[at + 1] - by))
    end
  end
  for _, id in ipairs(calls) do
    redis.call('HINCRBY', callKey(id), 'turn', -by)
    redis.call('HINCRBY', callKey(id), 'priority', -by)
    if not lowerJob(id, by) then redis.call('HINCRBY', late, id, by) end
  end
  return by
end
`

/**
 * Takes a place in the queue, or returns -1. The priority makes callers of a level take turns: each call of a caller has the turn after
 * his last one, but none before the turn that is running now.
 * Arguments: id, bound, mailbox, caller, level, lease, milliseconds left. Returns priority and position.
 */
export const enter = new Script(`${clock}${renumbering}
local id, caller, level = ARGV[1], ARGV[5] .. ':' .. ARGV[4], ARGV[5]
redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now)
local size = redis.call('ZCARD', waiting)
local priority = redis.call('HGET', callKey(id), 'priority')
if priority then return {tonumber(priority), size} end
if size >= tonumber(ARGV[2]) then return {-1, size} end
if size == 0 then redis.call('DEL', turns) end
lowerLate()
local running = tonumber(redis.call('HGET', turns, level) or 0)
local turn = math.max(running, tonumber(redis.call('HGET', turns, caller) or 0)) + 1
redis.call('HSET', turns, caller, turn)
if redis.call('HLEN', turns) > 4096 then
  local all = redis.call('HGETALL', turns)
  for at = 1, #all, 2 do
    local of = string.match(all[at], '^(%d):')
    if of and tonumber(all[at + 1]) <= tonumber(redis.call('HGET', turns, of) or 0) then redis.call('HDEL', turns, all[at]) end
  end
end
if turn > ${renumberAt} then turn = turn - renumber(level) end
redis.call('ZADD', waiting, now + ARGV[6], id)
priority = level * ${turnsPerLevel} + math.min(turn, ${turnsPerLevel - 1})
redis.call('HSET', callKey(id), 'box', ARGV[3], 'level', level, 'turn', turn, 'deadline', now + ARGV[7], 'priority', priority)
redis.call('PEXPIRE', callKey(id), ARGV[6])
return {priority, size + 1}
`)

/**
 * Begins an attempt, or returns 0: the caller is gone, it is too late, or the answer had begun elsewhere. Harmless to repeat.
 * Arguments: id, worker, most attempts, token of this attempt. A token is never used again: after a failover that lost an attempt, its
 * number would be. Returns 1 and the milliseconds that are left.
 */
export const begin = new Script(`${clock}
local id, token = ARGV[1], ARGV[4]
redis.call('ZREM', waiting, id)
local box, level, turn, deadline, begun, done, owner =
  unpack(redis.call('HMGET', callKey(id), 'box', 'level', 'turn', 'deadline', 'begun', 'done', 'token'))
if not box or done or tonumber(deadline) <= now then return {0, 0} end
if owner == token then return {1, deadline - now} end
if begun then return {0, 0} end
local attempt = redis.call('HINCRBY', callKey(id), 'attempt', 1)
if tonumber(redis.call('HGET', turns, level) or 0) < tonumber(turn) then redis.call('HSET', turns, level, turn) end
if attempt > tonumber(ARGV[3]) then
  redis.call('HSET', callKey(id), 'done', 1)
  post(box, id, 'crashed', attempt - 1)
  return {0, 0}
end
redis.call('HSET', callKey(id), 'worker', ARGV[2], 'token', token, 'posted', 0)
post(box, id, 'taken', ARGV[2], token)
return {1, deadline - now}
`)

/**
 * Posts a part of an answer to the caller, once, or returns 0: he is gone, or the attempt is no longer the one that may answer.
 * Arguments: id, token of the attempt, number of the part, kind, body.
 */
export const post = new Script(`${clock}
local id, number, kind = ARGV[1], tonumber(ARGV[3]), ARGV[4]
local box, owner, posted, done = unpack(redis.call('HMGET', callKey(id), 'box', 'token', 'posted', 'done'))
if not box or owner ~= ARGV[2] then return 0 end
if number <= tonumber(posted) then return 1 end
if done then return 0 end
passFull()
redis.call('HSET', callKey(id), 'posted', number)
if kind ~= 'status' then redis.call('HSET', callKey(id), 'begun', 1) end
if kind == 'done' or kind == 'failed' then redis.call('HSET', callKey(id), 'done', 1) end
post(box, id, kind, ARGV[5], owner, number)
return 1
`)

/**
 * The heartbeat of a caller: renews the leases of his calls, and ends those whose worker has died after it began to answer.
 * Arguments: mailbox, lease, then id of each call, and 1 if its job was added. Returns the ids of calls that are not there any more, or
 * whose job is not: a failover may lose the last writes, and nobody would ever begin with such a call.
 */
export const renewCalls = new Script(`${clock}
local gone = {}
redis.call('PEXPIRE', base .. 'mail:' .. ARGV[1], ${mailboxMs})
for at = 3, #ARGV, 2 do
  local id = ARGV[at]
  local worker, begun, done = unpack(redis.call('HMGET', callKey(id), 'worker', 'begun', 'done'))
  local isLost = ARGV[at + 1] == '1' and not worker and redis.call('EXISTS', bull .. id) == 0
  if isLost or redis.call('PEXPIRE', callKey(id), ARGV[2]) == 0 then table.insert(gone, id)
  else
    redis.call('ZADD', waiting, 'XX', now + ARGV[2], id)
    if begun and not done and redis.call('EXISTS', base .. 'worker:' .. worker) == 0 then
      redis.call('HSET', callKey(id), 'done', 1)
      post(ARGV[1], id, 'crashed', 0)
    end
  end
end
return gone
`)

/**
 * The heartbeat of a worker. Arguments: worker, lease, then id and token of each attempt it runs.
 * Returns the ids of calls that it must stop.
 */
export const renewWorker = new Script(`${clock}
local stop = {}
passFull()
redis.call('SET', base .. 'worker:' .. ARGV[1], 1, 'PX', ARGV[2])
redis.call('PEXPIRE', base .. 'mail:' .. ARGV[1], ${mailboxMs})
for at = 3, #ARGV, 2 do
  local owner, done = unpack(redis.call('HMGET', callKey(ARGV[at]), 'token', 'done'))
  if owner ~= ARGV[at + 1] or done then table.insert(stop, ARGV[at]) end
end
return stop
`)

/** Ends a call from the caller's side; its worker is told. Arguments: id. Returns 1 if a worker had begun with it. */
export const leave = new Script(`${clock}
local id = ARGV[1]
local worker, done = unpack(redis.call('HMGET', callKey(id), 'worker', 'done'))
redis.call('ZREM', waiting, id)
redis.call('DEL', callKey(id))
if not worker then return 0 end
if not done and redis.call('EXISTS', base .. 'worker:' .. worker) == 1 then post(worker, id, 'abort', '') end
return 1
`)

/** Tells the worker of a call how much its caller has read in all. Arguments: worker, id, characters. */
export const acknowledge = new Script(`${clock}
passFull()
if redis.call('EXISTS', base .. 'worker:' .. ARGV[1]) == 1 then post(ARGV[1], ARGV[2], 'read', ARGV[3]) end
return 1
`)

/** Removes what a process that closes has. Arguments: mailbox. */
export const removeMailbox = new Script(`${clock}
redis.call('DEL', base .. 'mail:' .. ARGV[1], base .. 'worker:' .. ARGV[1])
return 1
`)
