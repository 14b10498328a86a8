// The steps of a budget's account inside Redis: the same arithmetic as `account.ts`. Sums are fields of a hash; reservations are
// members `id usd tokens` of a sorted set, by the time they end.

export const accountScript = `
local units = { 'usd', 'tokens' }
local accounts = {}
local function load(n)
  if accounts[n] then return accounts[n] end
  local v = redis.call('HMGET', hash(n), 'usd', 'tokens', 'reserved-usd', 'reserved-tokens')
  local s = {
    spent = { usd = tonumber(v[1]) or 0, tokens = tonumber(v[2]) or 0 },
    reserved = { usd = tonumber(v[3]) or 0, tokens = tonumber(v[4]) or 0 },
    ended = {}
  }
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', set(n), '-inf', exact(now))) do
    s.ended[member] = true
    local usd, tokens = string.match(member, ' ([^ ]+) ([^ ]+)$')
    s.reserved.usd = s.reserved.usd - usd
    s.reserved.tokens = s.reserved.tokens - tokens
  end
  accounts[n] = s
  return s
end

local changed = {}
local function save(n, s)
  if next(s.ended) then
    redis.call('ZREMRANGEBYSCORE', set(n), '-inf', exact(now))
    s.ended = {}
  end
  -- Sums of fractions drift; without reservations the sum is known.
  if redis.call('ZCARD', set(n)) == 0 then s.reserved = { usd = 0, tokens = 0 } end
  redis.call('HSET', hash(n), 'usd', exact(s.spent.usd), 'tokens', exact(s.spent.tokens),
    'reserved-usd', exact(s.reserved.usd), 'reserved-tokens', exact(s.reserved.tokens))
  redis.call('PEXPIRE', hash(n), ttl(n))
  redis.call('PEXPIRE', set(n), ttl(n))
end

function finish()
  for n, s in pairs(changed) do save(n, s) end
end

local function balance(s)
  return {
    spent = { usd = s.spent.usd, tokens = s.spent.tokens },
    reserved = { usd = math.max(0, s.reserved.usd), tokens = math.max(0, s.reserved.tokens) }
  }
end

local function member(a)
  return a[2] .. ' ' .. exact(a[3]) .. ' ' .. exact(a[4])
end

function refusal(n, a)
  if a[1] ~= 'reserve' then return nil end
  local s = load(n)
  for at = 6, #a, 2 do
    for u, unit in ipairs(units) do
      local most = a[at + u - 1]
      -- JSON has no infinity: a limit of that size is null, as one that is not set.
      if most ~= cjson.null and s.spent[unit] + math.max(0, s.reserved[unit]) + a[2 + u] > most * (1 + 1e-12) then
        local result = balance(s)
        result.exceeded = { limit = (at - 6) / 2, unit = unit }
        return result
      end
    end
  end
  return nil
end

function step(n, a)
  local s = load(n)
  local result = balance(s)
  if a[1] == 'reserve' then
    redis.call('ZADD', set(n), exact(now + a[5]), member(a))
    for u, unit in ipairs(units) do s.reserved[unit] = s.reserved[unit] + a[2 + u] end
    changed[n] = s
  elseif a[1] == 'settle' then
    -- Redis lets a script that has removed something go on when it is full: a call that was paid for is counted.
    local own = member(a)
    if redis.call('ZREM', set(n), own) == 1 and not s.ended[own] then
      for u, unit in ipairs(units) do s.reserved[unit] = s.reserved[unit] - a[2 + u] end
    end
    for u, unit in ipairs(units) do s.spent[unit] = math.max(0, s.spent[unit] + a[4 + u]) end
    changed[n] = s
  end
  return result
end
`
