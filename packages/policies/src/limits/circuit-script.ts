// The steps of a circuit inside Redis: the same decisions as `circuit.ts`. Its state is JSON in one field of a hash.

export const circuitScript = `
local function closed(since)
  return { circuit = 'closed', since = since, succeeded = 0, failed = 0, ['until'] = 0, trials = {}, passed = 0 }
end

local function load()
  local text = redis.call('HGET', hash(1), 'state')
  return text and cjson.decode(text) or closed(0)
end

local function save(state)
  -- Redis lets a script that has removed something go on when it is full. A circuit is small, and there is one a provider.
  redis.call('DEL', set(1))
  redis.call('HSET', hash(1), 'state', cjson.encode(state))
  redis.call('PEXPIRE', hash(1), ttl(1))
end

local function open(state, ms)
  state.circuit = 'open'
  state['until'] = now + ms
  state.trials = {}
  state.passed = 0
end

local function admit(state, rules)
  if state.circuit == 'closed' then return { waitMs = 0 } end
  if now < state['until'] then return { waitMs = state['until'] - now } end
  local running = {}
  local first
  if state.circuit ~= 'open' then
    for _, at in ipairs(state.trials) do
      if at + rules.cooldown > now then
        running[#running + 1] = at
        first = math.min(first or at, at)
      end
    end
  else
    state.passed = 0
  end
  if #running >= rules.trials then return { waitMs = first + rules.cooldown - now } end
  local changed = state.circuit ~= 'half-open' and 'half-open' or nil
  running[#running + 1] = now
  state.circuit = 'half-open'
  state.trials = running
  save(state)
  return { waitMs = 0, trial = now, changed = changed }
end

local function record(state, a)
  local rules = a.rules
  local trials = {}
  local ended = a.trial
  for _, at in ipairs(state.trials) do
    if at == ended then ended = nil else trials[#trials + 1] = at end
  end
  state.trials = trials
  if a.verdict == 'unknown' then return end
  if state.circuit ~= 'closed' then
    if not a.trial then return end
    if a.verdict == 'failed' then
      open(state, math.max(rules.cooldown, a.retryAfterMs))
      return
    end
    state.passed = state.passed + 1
    if state.passed >= rules.trials then return closed(now) end
    return
  end
  if now - state.since >= rules.window then
    state.since = now
    state.succeeded = 0
    state.failed = 0
  end
  state[a.verdict] = state[a.verdict] + 1
  if a.verdict == 'succeeded' then return end
  local many = state.failed >= rules.failures and state.failed / (state.failed + state.succeeded) >= rules.rate
  if many then
    open(state, math.max(rules.cooldown, a.retryAfterMs))
  elseif a.retryAfterMs > 0 then
    open(state, a.retryAfterMs)
  end
end

function step(n, a)
  local state = load()
  if a['do'] == 'admit' then return admit(state, a.rules) end
  local before = state.circuit
  local next = record(state, a) or state
  save(next)
  return { waitMs = 0, changed = next.circuit ~= before and next.circuit or nil }
end
`
