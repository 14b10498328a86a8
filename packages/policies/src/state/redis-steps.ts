// Atomic steps inside Redis: one script a step, and steps that are due at the same time in one command.
import type { AtomicStep, AtomicSteps } from './atomic-step.js'

/** The commands that scripts need. Each rejects with the client's own error. */
export interface ScriptCommands {
  evalSha(sha: string, keys: string[], args: string[]): Promise<unknown>
  eval(script: string, keys: string[], args: string[]): Promise<unknown>
}

type Run = <Value, Args, Result>(step: AtomicStep<Value, Args, Result>) => Promise<Result[]>

interface Waiting {
  /** JSON of the arguments of each target. */
  args: string
  resolve(results: unknown[]): void
  reject(error: unknown): void
}

/** Steps on the same values that wait for the command before theirs. */
interface Line {
  waiting: Waiting[]
  busy: boolean
}

// Longer lists would keep Redis from other commands for too long.
const maxStepsPerCommand = 64

/** Runs steps in Redis, under keys with this prefix. */
export function redisSteps(commands: ScriptCommands, prefix: string): Run {
  const scripts = new Map<string, Promise<{ text: string; sha: string }>>()
  const lines = new Map<string, Line>()

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

  return async ({ steps, group, targets, now }) => {
    if (targets.length === 0) return []
    const keys = targets.flatMap(({ key }) => {
      // The braces keep all keys of the group on one server of a cluster.
      const name = `${prefix}{${group}}${key.slice(group.length)}`
      return [name, `${name}:held`]
    })
    const head = [now === undefined ? '' : String(now), JSON.stringify(targets.map(({ ttlMs }) => ttlMs))]
    const id = JSON.stringify([steps.name, keys, now])
    const line = lines.get(id) ?? { waiting: [], busy: false }
    lines.set(id, line)
    return new Promise((resolve, reject) => {
      const args = JSON.stringify(targets.map(({ args }) => args))
      line.waiting.push({ args, resolve: resolve as Waiting['resolve'], reject })
      if (!line.busy) void send()
    })

    async function send() {
      line.busy = true
      // All steps of this turn of the event loop go together.
      await Promise.resolve()
      while (line.waiting.length > 0) {
        const some = line.waiting.splice(0, maxStepsPerCommand)
        try {
          const { text, sha } = await scriptOf(steps)
          const given = [...head, ...some.map(({ args }) => args)]
          const reply = await commands.evalSha(sha, keys, given).catch((error) => {
            if (!isUnknownScript(error)) throw error
            return commands.eval(text, keys, given)
          })
          const results = JSON.parse(String(reply)) as unknown[][]
          for (const [index, { resolve }] of some.entries()) resolve(results[index] as unknown[])
        } catch (error) {
          for (const { reject } of some) reject(error)
        }
      }
      line.busy = false
      lines.delete(id)
    }
  }
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
local function hash(n) return KEYS[2 * n - 1] end
local function set(n) return KEYS[2 * n] end
local function ttl(n) return ttls[n] end
local function exact(number) return string.format('%.17g', number) end
local step, refusal
${lua}
local all = {}
for i = 3, #ARGV do
  local args = cjson.decode(ARGV[i])
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
  all[i - 2] = results
end
return cjson.encode(all)
`
}

/** The name of a script in Redis. */
async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
