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

local function put(field, bucket)
  local list = { field .. 'l', exact(bucket.level), field .. 'a', exact(bucket.at) }
  if bucket.reported then
    list[5] = field .. 'r'
    list[6] = exact(bucket.reported)
  end
  redis.call('HSET', hash(1), unpack(list))
end

local function save()
  put('r', state.requests)
  put('t', state.tokens)
  if state.pause > now then redis.call('HSET', hash(1), 'pause', exact(state.pause)) end
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
  local list = {}
  for _, id in ipairs(ids) do
    list[#list + 1] = exact(now + ms)
    list[#list + 1] = id
  end
  if #list > 0 then
    redis.call('ZADD', set(1), unpack(list))
    redis.call('PEXPIRE', set(1), math.max(ttl(1), ms))
  end
end

local function acquire(s, a)
  local r = refill(s.requests, a.rules.requests)
  local t = refill(s.tokens, a.rules.tokens)
  local most = a.rules.concurrency
  local held = most and redis.call('ZCOUNT', set(1), '(' .. exact(now), '+inf') or 0
  local ids = {}
  local waiting = 0
  for _, call in ipairs(a.calls) do
    if most and held >= most then
      waiting = -1
      break
    end
    waiting = math.max(s.pause - now, wait(s.requests, r, 1), wait(s.tokens, t, call.tokens))
    if waiting > 0 then break end
    if r then s.requests.level = s.requests.level - 1 end
    if t then s.tokens.level = s.tokens.level - call.tokens end
    held = held + 1
    ids[#ids + 1] = call.id
  end
  if most then lease(ids, a.leaseMs) end
  if #ids > 0 then save() end
  -- A service that allows nothing: JSON has no infinity.
  if waiting == math.huge then waiting = -1 end
  return { admitted = #ids, waitMs = #ids < #a.calls and waiting or 0 }
end

local function release(s, a)
  -- Redis lets a script that has removed something go on when it is full: a call always comes back.
  redis.call('ZREM', set(1), a.permit.id)
  redis.call('ZREMRANGEBYSCORE', set(1), '-inf', exact(now))
  local t = refill(s.tokens, a.rules.tokens)
  if t and a.used then s.tokens.level = math.min(t, s.tokens.level + a.permit.tokens - a.used) end
  if a.pauseMs and a.pauseMs > 0 then s.pause = math.max(s.pause, now + a.pauseMs) end
  save()
end

local function cancel(s, a)
  local r = refill(s.requests, a.rules.requests)
  for _, call in ipairs(a.calls) do
    release(s, { permit = call, used = 0, rules = a.rules })
    if r then s.requests.level = math.min(r, s.requests.level + 1) end
  end
  save()
end

local function lower(bucket, rule, header)
  if not header then return end
  bucket.reported = header.limit or bucket.reported
  local rate = refill(bucket, rule)
  if rate then bucket.level = math.min(bucket.level, header.remaining or bucket.level) end
end

function step(n, a)
  local s = load()
  if a['do'] == 'acquire' then return acquire(s, a) end
  if a['do'] == 'release' then
    release(s, a)
  elseif a['do'] == 'cancel' then
    cancel(s, a)
  elseif a['do'] == 'renew' then
    lease(a.ids, a.leaseMs)
  elseif a['do'] == 'retry' then
    if refill(s.requests, a.rules.requests) then s.requests.level = s.requests.level - 1 end
    save()
  else
    lower(s.requests, a.rules.requests, a.requests)
    lower(s.tokens, a.rules.tokens, a.tokens)
    save()
  end
  return { admitted = 0, waitMs = 0 }
end
`
