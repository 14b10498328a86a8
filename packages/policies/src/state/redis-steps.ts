// Atomic steps inside Redis: one script a step, and steps that are due at the same time in one command.
import type { AtomicStep, AtomicSteps } from './atomic-step.js'

type Command = (
  script: string,
  keys: string[],
  args: string[],
  /** Called with the reply to a command that has already failed because it took too long. */
  onLateReply: (reply: unknown) => void,
) => Promise<unknown>

/** The commands that scripts need, each with a time limit. */
export interface ScriptCommands {
  eval: Command
  evalSha: Command
}

/** The error of a step that failed in Redis, while others of its command may have been done. */
type Refused = (message: string) => unknown

type Run = <Value, Args, Result>(step: AtomicStep<Value, Args, Result>) => Promise<Result[]>

interface Waiting {
  /** JSON: the arguments of each target. */
  args: string
  resolve(results: unknown[]): void
  reject(error: unknown): void
  /** Takes the step back. */
  undo(results: unknown[]): void
}

// Longer lists would keep Redis from other commands for too long.
const maxStepsPerCommand = 64

/** Runs steps in Redis, under keys with this prefix. */
export function redisSteps(commands: ScriptCommands, prefix: string, refused: Refused): Run {
  const scripts = new Map<string, Promise<{ text: string; sha: string }>>()
  /** Steps of this turn of the event loop, by the values they change. */
  const due = new Map<string, Waiting[]>()

  const scriptOf = (steps: Pick<AtomicSteps<never, never, unknown>, 'name' | 'lua'>) => {
    const known = scripts.get(steps.name)
    if (known !== undefined) return known
    const loading = steps.lua().then(async (lua) => {
      const text = scriptText(lua)
      return { text, sha: await sha1(text) }
    })
    scripts.set(steps.name, loading)
    loading.catch(() => scripts.delete(steps.name))
    return loading
  }

  return function run<Value, Args, Result>({
    steps,
    group,
    targets,
    now,
  }: AtomicStep<Value, Args, Result>): Promise<Result[]> {
    const [first] = targets
    if (first === undefined) return Promise.resolve([])
    const common = steps.common === undefined ? '' : JSON.stringify(steps.common(first.args))
    const id = JSON.stringify([
      steps.name,
      group,
      now,
      common,
      ...targets.flatMap(({ key, ttlMs }) => [key, ttlMs]),
    ])
    return new Promise((resolve, reject) => {
      const args = JSON.stringify(targets.map(({ args }) => steps.pack?.(args) ?? args))
      const one = { args, resolve: resolve as Waiting['resolve'], reject, undo: undo as Waiting['undo'] }
      const together = due.get(id)
      if (together !== undefined && together.length < maxStepsPerCommand) return void together.push(one)
      const list = [one]
      due.set(id, list)
      atEndOfTurn(() => {
        if (due.get(id) === list) due.delete(id)
        const keys = targets.flatMap(({ key }) => {
          // The braces keep all keys of the group on one server of a cluster.
          const name = `${prefix}{${group}}${key.slice(group.length)}`
          return [name, `${name}:held`]
        })
        const ttls = JSON.stringify(targets.map(({ ttlMs }) => ttlMs))
        void send(list, keys, [now === undefined ? '' : String(now), ttls, common])
      })
    })

    // A step that was done after its call had failed counts for nobody.
    function undo(results: Result[]) {
      const { undo: argsOf } = steps
      if (argsOf === undefined || results.some((result) => steps.refused?.(result))) return
      const back = targets.map((target, index) => ({
        ...target,
        args: argsOf(target.args, results[index] as Result),
      }))
      run({ steps, group, targets: back, now }).catch(() => {})
    }

    async function send(list: Waiting[], keys: string[], head: string[]) {
      const resultsOf = (reply: unknown) => JSON.parse(String(reply)) as (unknown[] | { failed: string })[]
      const onLateReply = (reply: unknown) => {
        for (const [index, results] of resultsOf(reply).entries())
          if (Array.isArray(results)) list[index]?.undo(results)
      }
      try {
        const { text, sha } = await scriptOf(steps)
        const given = [...head, ...list.map(({ args }) => args)]
        const reply = await commands.evalSha(sha, keys, given, onLateReply).catch((error) => {
          if (!isUnknownScript(error)) throw error
          return commands.eval(text, keys, given, onLateReply)
        })
        const all = resultsOf(reply)
        for (const [index, { resolve, reject }] of list.entries()) {
          const results = all[index]
          if (Array.isArray(results)) resolve(results)
          else reject(refused(String(results?.failed)))
        }
      } catch (error) {
        for (const { reject } of list) reject(error)
      }
    }
  }
}

/** Runs it after what is due in this turn of the event loop; in runtimes without turns, soon. */
const atEndOfTurn: (run: () => void) => void =
  typeof setImmediate === 'undefined' ? queueMicrotask : (run) => void setImmediate(run)

/** A server that was started again, or has taken over, has no scripts. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOSCRIPT')
}

/** The whole script. Times are the server's: the clocks of the processes may differ. */
function scriptText(lua: string): string {
  return `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local ttls = cjson.decode(ARGV[2])
local common = ARGV[3] ~= '' and cjson.decode(ARGV[3])
local function hash(n) return KEYS[2 * n - 1] end
local function set(n) return KEYS[2 * n] end
local function ttl(n) return ttls[n] end
local function exact(number) return string.format('%.17g', number) end
local step, refusal, finish
${lua}
local function run(json)
  local args = cjson.decode(json)
  local results = {}
  local refused = false
  if refusal then
    for n, a in ipairs(args) do
      local reason = refusal(n, a)
      refused = reason ~= nil
      results[n] = reason or { ok = true }
      if refused then break end
    end
  end
  if not refused then
    for n, a in ipairs(args) do results[n] = step(n, a) end
  end
  return cjson.encode(results)
end
local all = {}
for i = 4, #ARGV do
  -- One step that fails must not fail those that happen to be sent with it.
  local ok, result = pcall(run, ARGV[i])
  if not ok then
    local failed = type(result) == 'table' and result.err or tostring(result)
    local code = failed:match('%f[%u](%u%u+) ')
    -- What the server refuses, such as READONLY, is the command's failure: the client may have to find another server.
    if code and code ~= 'ERR' then return redis.error_reply(failed) end
    result = cjson.encode({ failed = failed })
  end
  all[i - 3] = result
end
if finish then finish() end
return '[' .. table.concat(all, ',') .. ']'
`
}

/** The name of a script in Redis. */
async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
