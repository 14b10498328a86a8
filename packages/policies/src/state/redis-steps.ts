// Atomic steps inside Redis: one script a step, and steps that are due at the same time in one command.
import type { AtomicStep, AtomicSteps, StepTarget } from './atomic-step.js'
import { atEndOfTurn } from './end-of-turn.js'

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
  targets: readonly StepTarget<unknown>[]
  resolve(results: unknown[]): void
  reject(error: unknown): void
}

/** Steps that one command does: of the same kind, on the same values. */
interface Due {
  steps: AtomicSteps<unknown, unknown, unknown>
  group: string
  now: number | undefined
  /** JSON. */
  common: string
  list: Waiting[]
}

// Longer lists would keep Redis from other commands for too long.
const maxStepsPerCommand = 64

/** Runs steps in Redis, under keys with this prefix. */
export function redisSteps(commands: ScriptCommands, prefix: string, refused: Refused): Run {
  const scripts = new Map<string, Promise<{ text: string; sha: string }>>()
  /** Steps of this turn of the event loop, by the values they change. */
  const due = new Map<string, Due>()

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

  function run<Value, Args, Result>(step: AtomicStep<Value, Args, Result>): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      const { targets } = step
      const one: Waiting = { targets, resolve: resolve as Waiting['resolve'], reject }
      const [first] = targets
      if (first === undefined) return resolve([])
      const common = jsonOf(step.steps.common?.(first.args))
      const id = idOf(step, common)
      const together = due.get(id)
      if (together !== undefined && together.list.length < maxStepsPerCommand)
        return void together.list.push(one)
      const { group, now } = step
      const next: Due = { steps: step.steps as Due['steps'], group, now, common, list: [one] }
      due.set(id, next)
      atEndOfTurn(() => {
        if (due.get(id) === next) due.delete(id)
        void send(next)
      })
    })
  }
  return run

  async function send({ steps, group, now, common, list }: Due): Promise<void> {
    const onLateReply = (reply: unknown) => {
      for (const [index, results] of resultsOf(reply).entries())
        if (Array.isArray(results)) undo(list[index] as Waiting, results)
    }
    try {
      const { targets } = list[0] as Waiting
      const keys = targets.flatMap(({ key }) => {
        // The braces keep all keys of the group on one server of a cluster.
        const name = `${prefix}{${group}}${key.slice(group.length)}`
        return [name, `${name}:held`]
      })
      const all = list.map(({ targets }) => targets.map(({ args }) => steps.pack?.(args) ?? args))
      const given = [
        now === undefined ? '' : String(now),
        JSON.stringify(targets.map(({ ttlMs }) => ttlMs)),
        common,
        JSON.stringify(all),
      ]
      const { text, sha } = await scriptOf(steps)
      const reply = await commands.evalSha(sha, keys, given, onLateReply).catch((error) => {
        if (!isUnknownScript(error)) throw error
        return commands.eval(text, keys, given, onLateReply)
      })
      const outcomes = resultsOf(reply)
      for (const [index, { resolve, reject }] of list.entries()) {
        const results = outcomes[index]
        if (Array.isArray(results)) resolve(results)
        else reject(refused(String(results?.failed)))
      }
    } catch (error) {
      for (const { reject } of list) reject(error)
    }

    // A step that was done after its call had failed counts for nobody.
    function undo({ targets }: Waiting, results: unknown[]) {
      const { undo: argsOf } = steps
      if (argsOf === undefined || results.some((result) => steps.refused?.(result))) return
      const back = targets.map((target, index) => ({ ...target, args: argsOf(target.args, results[index]) }))
      run({ steps, group, targets: back, now }).catch(() => {})
    }
  }
}

/** The results of each step, or why it failed. */
function resultsOf(reply: unknown): (unknown[] | { failed: string })[] {
  return JSON.parse(String(reply))
}

/** Steps with the same text go in one command. */
function idOf<Value, Args, Result>(
  { steps, group, targets, now }: AtomicStep<Value, Args, Result>,
  common: string,
): string {
  // Lengths, since keys may have any character.
  let id = `${steps.name} ${now} ${group.length} ${group} ${common}`
  for (const { key, ttlMs } of targets) id += ` ${ttlMs} ${key.length} ${key}`
  return id
}

const texts = new WeakMap<object, string>()

/** JSON of what steps have in common: mostly the same object, which nobody changes. */
function jsonOf(common: unknown): string {
  if (typeof common !== 'object' || common === null) return ''
  const known = texts.get(common)
  if (known !== undefined) return known
  const text = JSON.stringify(common)
  texts.set(common, text)
  return text
}

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
local lists = cjson.decode(ARGV[4])
local step, refusal, isFirst, finish
${lua}
local function text(result)
  return type(result) == 'string' and result or cjson.encode(result)
end
local function run(args)
  local results = {}
  if refusal then
    for n, a in ipairs(args) do
      local reason = refusal(n, a)
      results[n] = reason and text(reason) or 'null'
      if reason then return results end
    end
  end
  for n, a in ipairs(args) do results[n] = text(step(n, a)) end
  return results
end
local all = {}
local function attempt(i, args)
  -- One step that fails must not fail those that happen to be sent with it.
  local ok, results = pcall(run, args)
  if ok then
    all[i] = '[' .. table.concat(results, ',') .. ']'
    return
  end
  local failed = type(results) == 'table' and results.err or tostring(results)
  local code = failed:match('%f[%u](%u%u+) ')
  all[i] = cjson.encode({ failed = failed })
  -- What the server refuses, such as READONLY, is the command's failure: the client may have to find another server.
  return code and code ~= 'ERR' and redis.error_reply(failed)
end
if isFirst then
  for i, args in ipairs(lists) do
    local failed = isFirst(args[1]) and attempt(i, args)
    if failed then return failed end
  end
end
for i, args in ipairs(lists) do
  local failed = not all[i] and attempt(i, args)
  if failed then return failed end
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
