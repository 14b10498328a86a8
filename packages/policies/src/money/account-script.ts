// The steps of a budget's account inside Redis: the same arithmetic as `account.ts`. Sums are fields of a hash; reservations are
// members `id usd tokens` of a sorted set, by the time they end.

export const accountScript = `
local accounts = {}
local function load(n)
  if accounts[n] then return accounts[n] end
  local v = redis.call('HMGET', hash(n), 'usd', 'tokens', 'reserved-usd', 'reserved-tokens')
  local s = {
    usd = tonumber(v[1]) or 0,
    tokens = tonumber(v[2]) or 0,
    reservedUsd = tonumber(v[3]) or 0,
    reservedTokens = tonumber(v[4]) or 0,
    ended = {},
    added = {}
  }
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', set(n), '-inf', exact(now))) do
    s.ended[member] = true
    local usd, tokens = string.match(member, ' ([^ ]+) ([^ ]+)$')
    s.reservedUsd = s.reservedUsd - usd
    s.reservedTokens = s.reservedTokens - tokens
  end
  accounts[n] = s
  return s
end

local function recount(n, s)
  s.reservedUsd = 0
  s.reservedTokens = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', set(n), '(' .. exact(now), '+inf')) do
    local usd, tokens = string.match(member, ' ([^ ]+) ([^ ]+)$')
    s.reservedUsd = s.reservedUsd + usd
    s.reservedTokens = s.reservedTokens + tokens
  end
end

-- Calls that have ended free what they reserved before others reserve, all of them with one command an account.
function isFirst(a)
  return a[1] == 'settle'
end

local isFreed = false
local function free()
  if isFreed then return end
  isFreed = true
  local members = {}
  for _, args in ipairs(lists) do
    for n, a in ipairs(args) do
      if isFirst(a) and a[2] ~= '' then
        members[n] = members[n] or {}
        table.insert(members[n], a)
      end
    end
  end
  for n, list in pairs(members) do
    local s = load(n)
    local names = {}
    for at, a in ipairs(list) do names[at] = a[2] end
    -- Redis lets a script that has removed something go on when it is full: a call that was paid for is counted.
    if redis.call('ZREM', set(n), unpack(names)) == #names then
      for _, a in ipairs(list) do
        if not s.ended[a[2]] then
          s.reservedUsd = s.reservedUsd - a[3]
          s.reservedTokens = s.reservedTokens - a[4]
        end
      end
    else
      -- One had been removed before, after its time or with the whole account; which one Redis does not say.
      recount(n, s)
    end
    -- Also when the step that follows fails: what the set no longer has must not stay in the sum.
    s.changed = true
  end
end

local function save(n, s)
  if next(s.ended) then redis.call('ZREMRANGEBYSCORE', set(n), '-inf', exact(now)) end
  if #s.added > 0 then
    redis.call('ZADD', set(n), unpack(s.added))
  elseif redis.call('ZCARD', set(n)) == 0 then
    -- Sums of fractions drift; without reservations the sum is known.
    s.reservedUsd = 0
    s.reservedTokens = 0
  end
  redis.call('HSET', hash(n), 'usd', exact(s.usd), 'tokens', exact(s.tokens),
    'reserved-usd', exact(s.reservedUsd), 'reserved-tokens', exact(s.reservedTokens))
  redis.call('PEXPIRE', hash(n), ttl(n))
  redis.call('PEXPIRE', set(n), ttl(n))
end

function finish()
  for n, s in pairs(accounts) do
    if s.changed then save(n, s) end
  end
end

local function balance(s)
  return {
    spent = { usd = s.usd, tokens = s.tokens },
    reserved = { usd = math.max(0, s.reservedUsd), tokens = math.max(0, s.reservedTokens) }
  }
end

local function exceeded(s, limit, unit)
  local result = balance(s)
  result.exceeded = { limit = limit, unit = unit }
  return result
end

function refusal(n, a)
  if a[1] ~= 'reserve' then return nil end
  local s = load(n)
  local usd = s.usd + math.max(0, s.reservedUsd) + a[3]
  local tokens = s.tokens + math.max(0, s.reservedTokens) + a[4]
  for at = 6, #a, 2 do
    -- JSON has no infinity: a limit of that size is null, as one that is not set.
    local mostUsd, mostTokens = a[at], a[at + 1]
    if mostUsd ~= cjson.null and usd > mostUsd * (1 + 1e-12) then return exceeded(s, (at - 6) / 2, 'usd') end
    if mostTokens ~= cjson.null and tokens > mostTokens * (1 + 1e-12) then
      return exceeded(s, (at - 6) / 2, 'tokens')
    end
  end
  return nil
end

local ends = {}
function step(n, a)
  local s = load(n)
  local what = a[1]
  if what == 'reserve' then
    local usd, tokens, ms = s.reservedUsd + a[3], s.reservedTokens + a[4], a[5]
    ends[ms] = ends[ms] or exact(now + ms)
    local at = #s.added
    s.added[at + 1] = ends[ms]
    s.added[at + 2] = a[2]
    s.reservedUsd = usd
    s.reservedTokens = tokens
    s.changed = true
  elseif what == 'settle' then
    free()
    local usd, tokens = s.usd + a[5], s.tokens + a[6]
    s.usd = math.max(0, usd)
    s.tokens = math.max(0, tokens)
    s.changed = true
  else
    return balance(s)
  end
  return 'null'
end
`
