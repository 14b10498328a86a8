// A line for each call, without a word of what was said: `log`.
import type { ChatEvent, ChatResponse, Clock, Provider } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'
import type { Answer, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'

/** What a log must have; a pino logger has it. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Options of `log`. */
export interface LogOptions {
  /** Default: lines of JSON on the standard error. */
  logger?: Logger
  /** Fields for every line. */
  fields?: Record<string, unknown>
  /** Default: the system's. */
  clock?: Clock
}

/**
 * Logs the end of each call: who answered, how long it took, tokens, cost, what it was warned of, or why it failed. What
 * was asked and answered is never logged. Failures of the service are errors, those of the caller (an abort, a wrong
 * request) warnings.
 */
export function log(provider: Provider, options: LogOptions = {}): Provider {
  return new Log(provider, options)
}

class Log extends Around {
  protected override readonly doors = doors.log
  readonly #logger: Logger
  readonly #fields: Record<string, unknown>

  constructor(inner: Provider, { logger = jsonLines(), fields = {}, clock }: LogOptions) {
    super(inner, clock)
    this.#logger = unfailing(logger)
    this.#fields = fields
  }

  protected enter(call: Incoming): Passing {
    const { kind, options, streamed } = call
    const began = this.clock.now()
    const status: Record<string, number> = {}
    let firstMs: number | undefined
    const line = () => ({
      ...this.#fields,
      ...(options.metadata && { metadata: options.metadata }),
      call: kind,
      ...batchOf(call),
      provider: this.provider,
      model: this.model,
      ms: Math.round(this.clock.now() - began),
      ...(firstMs !== undefined && { firstMs }),
      ...status,
    })
    return {
      options: {
        ...options,
        onStatus: (event) => {
          if (event.type === 'retrying') status.retries = event.attempt
          if (event.type === 'fallback') status.fallbacks = (status.fallbacks ?? 0) + 1
          return options.onStatus?.(event)
        },
      },
      ...(streamed && {
        event: (event: ChatEvent) => {
          if (event.type !== 'start') firstMs ??= Math.round(this.clock.now() - began)
          return [event]
        },
      }),
      done: (answer) => {
        const fields = { ...line(), ...told(answer) }
        if (kind === 'batches.submit') Object.assign(fields, { batch: answer })
        const warned = typeof answer === 'object' && 'warnings' in answer && answer.warnings.length > 0
        this.#logger[warned ? 'warn' : 'info'](fields, `${kind} answered`)
        return answer
      },
      failed: (error) => {
        const { code, message, status: http, requestId, retryAfterMs, attempts, partial } = error
        const { provider, model } = error
        const callers = ['aborted', 'invalid-request', 'unsupported', 'budget-exceeded', 'closed']
        const fields = {
          code,
          status: http,
          requestId,
          retryAfterMs,
          attempts,
          // Who failed last, of several.
          provider,
          answeredBy: partial && model,
          hadBegun: partial !== undefined || firstMs !== undefined,
          ...(partial ?? error).usage,
        }
        this.#logger[callers.includes(code) ? 'warn' : 'error'](
          { ...line(), ...omitUndefined(fields), reason: message },
          `${kind} failed: ${code}`,
        )
      },
    }
  }
}

/** Which batch it is about, and how large it is; nothing of what is asked in it. */
function batchOf({ kind, request }: Incoming): object {
  if (kind === 'batches.submit') return { requests: request.length }
  return kind.startsWith('batches.') ? { batch: request } : {}
}

/** A log that fails is no reason to lose an answer. */
function unfailing(logger: Logger): Logger {
  const safely = (level: keyof Logger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message)
    } catch {
      // There is nowhere left to tell it.
    }
  }
  return { info: safely('info'), warn: safely('warn'), error: safely('error') }
}

function told(answer: Answer): object {
  if (typeof answer !== 'object' || !('usage' in answer)) return {}
  if ('answered' in answer) return { answered: answer.answered, failed: answer.failed, ...answer.usage }
  const { usage, provider, model } = answer
  if (!('message' in answer)) return { ...omitUndefined({ answeredBy: model }), ...usage, provider }
  const { finishReason, cost, attempts, id, requestId, cached, warnings }: ChatResponse = answer
  return omitUndefined({
    ...usage,
    provider,
    answeredBy: model,
    finishReason,
    cost,
    attempts: attempts > 1 ? attempts : undefined,
    id,
    requestId,
    cached,
    warnings: warnings.length > 0 ? warnings.map(({ message }) => message) : undefined,
  })
}

function jsonLines(): Logger {
  const write = (level: string) => (fields: object, msg: string) =>
    // biome-ignore lint/suspicious/noConsole: it is where lines go that nobody else takes
    console.error(JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }))
  return { info: write('info'), warn: write('warn'), error: write('error') }
}
