// The steps of a limiter inside Redis: the same arithmetic as `token-bucket.ts`. Levels are fields of a hash, leases a sorted set.

export const limiterScript = `
local full = 9007199254740991
local state
local function load()
  if state then return state end
  local v = redis.call('HMGET', hash(1), 'rl', 'ra', 'rr', 'tl', 'ta', 'tr', 'pause')
  state = {
    requests = { level = tonumber(v[1]) or full, at = tonumber(v[2]) or 0, reported = tonumber(v[3]) },
    tokens = { level = tonumber(v[4]) or full, at = tonumber(v[5]) or 0, reported = tonumber(v[6]) },
    pause = tonumber(v[7]) or 0
  }
  return state
end

local dirty = false
local function put(list, field, bucket)
  local at = #list
  list[at + 1] = field .. 'l'
  list[at + 2] = exact(bucket.level)
  list[at + 3] = field .. 'a'
  list[at + 4] = exact(bucket.at)
  if bucket.reported then
    list[at + 5] = field .. 'r'
    list[at + 6] = exact(bucket.reported)
  end
end

local ended = {}
local function endLeases()
  if #ended == 0 then return end
  -- Redis lets a script that has removed something go on when it is full: a call always comes back.
  redis.call('ZREM', set(1), unpack(ended))
  redis.call('ZREMRANGEBYSCORE', set(1), '-inf', exact(now))
  ended = {}
end

function finish()
  endLeases()
  if not dirty then return end
  local list = {}
  put(list, 'r', state.requests)
  put(list, 't', state.tokens)
  if state.pause > now then
    list[#list + 1] = 'pause'
    list[#list + 1] = exact(state.pause)
  end
  redis.call('HSET', hash(1), unpack(list))
  redis.call('PEXPIRE', hash(1), math.max(ttl(1), math.ceil(state.pause - now)))
end

local function refill(bucket, rule)
  local rate = rule or bucket.reported
  if rate then bucket.level = math.min(rate, bucket.level + math.max(0, now - bucket.at) * rate / 60000) end
  bucket.at = math.max(now, bucket.at)
  return rate
end

local function wait(bucket, rate, amount)
  if not rate then return 0 end
  local missing = math.min(amount, rate) - bucket.level
  if missing <= 1e-6 then return 0 end
  return missing * 60000 / rate
end

local function lease(ids, ms)
  if #ids == 0 then return end
  endLeases()
  local list = {}
  local ends = exact(now + ms)
  for _, id in ipairs(ids) do
    list[#list + 1] = ends
    list[#list + 1] = id
  end
  redis.call('ZADD', set(1), unpack(list))
  redis.call('PEXPIRE', set(1), math.max(ttl(1), ms))
end

local rules = common
local function acquire(s, a)
  local r = refill(s.requests, rules.requests)
  local t = refill(s.tokens, rules.tokens)
  local most = rules.concurrency
  if most then endLeases() end
  local held = most and redis.call('ZCOUNT', set(1), '(' .. exact(now), '+inf') or 0
  local ids = {}
  local waiting = 0
  local calls = (#a - 2) / 2
  for at = 3, #a, 2 do
    local tokens = a[at + 1]
    if most and held >= most then
      waiting = -1
      break
    end
    waiting = math.max(s.pause - now, wait(s.requests, r, 1), wait(s.tokens, t, tokens))
    if waiting > 0 then break end
    if r then s.requests.level = s.requests.level - 1 end
    if t then s.tokens.level = s.tokens.level - tokens end
    held = held + 1
    ids[#ids + 1] = a[at]
  end
  if most then lease(ids, a[2]) end
  if #ids > 0 then dirty = true end
  -- A service that allows nothing: JSON has no infinity.
  if waiting == math.huge then waiting = -1 end
  return { admitted = #ids, waitMs = #ids < calls and waiting or 0 }
end

local function release(s, id, tokens, used, pauseMs)
  ended[#ended + 1] = id
  local t = refill(s.tokens, rules.tokens)
  if t and used then s.tokens.level = math.min(t, s.tokens.level + tokens - used) end
  if pauseMs > 0 then s.pause = math.max(s.pause, now + pauseMs) end
  dirty = true
end

local function cancel(s, a)
  local r = refill(s.requests, rules.requests)
  for _, call in ipairs(a.calls) do
    release(s, call.id, call.tokens, 0, 0)
    if r then s.requests.level = math.min(r, s.requests.level + 1) end
  end
  dirty = true
end

local function lower(bucket, rule, header)
  if not header then return end
  bucket.reported = header.limit or bucket.reported
  local rate = refill(bucket, rule)
  if rate then bucket.level = math.min(bucket.level, header.remaining or bucket.level) end
end

local done = '{"admitted":0,"waitMs":0}'
function step(n, a)
  local s = load()
  local what = a[1]
  if what == 'acquire' then return acquire(s, a) end
  if what == 'release' then
    release(s, a[2], a[3], a[4], a[5])
  elseif what == 'cancel' then
    cancel(s, a[2])
  elseif what == 'renew' then
    lease(a[2].ids, a[2].leaseMs)
  elseif what == 'retry' then
    if refill(s.requests, rules.requests) then s.requests.level = s.requests.level - 1 end
    dirty = true
  else
    lower(s.requests, rules.requests, a[2].requests)
    lower(s.tokens, rules.tokens, a[2].tokens)
    dirty = true
  end
  return done
end
`
