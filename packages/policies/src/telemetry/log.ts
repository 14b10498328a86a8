// `log`: one log line for each call, without any content of messages.
import type { ChatEvent, ChatResponse, Clock, Provider } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'
import type { CallResponse, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'

/** A logger with three levels, such as pino. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Options of `log`. */
export interface LogOptions {
  /** Default: lines of JSON on standard error. */
  logger?: Logger | undefined
  /** Added to every line. */
  fields?: Record<string, unknown> | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function log(options?: LogOptions): Policy
/**
 * Writes a log line at the end of each call: provider and model that answered, duration, tokens, cost, warnings, or the error.
 * Requests and answers are never logged. Levels: `info` for success, `warn` for success with warnings and for errors of the
 * caller (an abort, an invalid request, an exceeded budget), `error` for all other errors. A logger that throws is ignored.
 *
 * @example
 * const llm = log(provider, { logger: pino(), fields: { service: 'search' } })
 */
export function log(provider: Provider, options?: LogOptions): Provider
export function log(first?: Provider | LogOptions, second?: LogOptions): Provider | Policy {
  return policyOf('log', logOptionNames, [first, second], (provider, options) => new Log(provider, options))
}

const logOptionNames: OptionNames<LogOptions> = { logger: true, fields: true, clock: true }

class Log extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.log
  readonly #logger: Logger
  readonly #fields: Record<string, unknown>

  constructor(inner: Provider, { logger = jsonLines(), fields = {}, clock }: LogOptions) {
    super(inner, clock)
    this.#logger = ignoreFailures(logger)
    this.#fields = fields
  }

  protected intercept(call: PolicyCall): Interception {
    const { kind, options, streamed } = call
    const startedAt = this.clock.now()
    const counters: Record<string, number> = {}
    let firstMs: number | undefined
    const line = () => ({
      ...this.#fields,
      ...(options.metadata && { metadata: options.metadata }),
      call: kind,
      ...batchFields(call),
      provider: this.provider,
      model: this.model,
      ms: Math.round(this.clock.now() - startedAt),
      ...(firstMs !== undefined && { firstMs }),
      ...counters,
    })
    return {
      options: {
        ...options,
        onStatus: (event) => {
          if (event.type === 'retrying') counters.retries = event.attempt
          if (event.type === 'fallback') counters.fallbacks = (counters.fallbacks ?? 0) + 1
          return options.onStatus?.(event)
        },
      },
      ...(streamed && {
        event: (event: ChatEvent) => {
          if (event.type !== 'start') firstMs ??= Math.round(this.clock.now() - startedAt)
          return [event]
        },
      }),
      done: (answer) => {
        const fields = { ...line(), ...responseFields(answer) }
        if (kind === 'batches.submit') Object.assign(fields, { batch: answer })
        const hasWarnings = typeof answer === 'object' && 'warnings' in answer && answer.warnings.length > 0
        this.#logger[hasWarnings ? 'warn' : 'info'](fields, `${kind} answered`)
        return answer
      },
      failed: (error) => {
        const { code, message, status: http, requestId, retryAfterMs, attempts, partial } = error
        const { provider, model } = error
        const callerErrors = ['aborted', 'invalid-request', 'unsupported', 'budget-exceeded', 'closed']
        const fields = {
          code,
          status: http,
          requestId,
          retryAfterMs,
          attempts,
          // Of several providers, the one that failed last.
          provider,
          answeredBy: partial && model,
          hadBegun: partial !== undefined || firstMs !== undefined,
          ...(partial ?? error).usage,
        }
        this.#logger[callerErrors.includes(code) ? 'warn' : 'error'](
          { ...line(), ...omitUndefined(fields), reason: message },
          `${kind} failed: ${code}`,
        )
      },
    }
  }
}

/** Id and size of the batch that a call is about. */
function batchFields({ kind, request }: PolicyCall): object {
  if (kind === 'batches.submit') return { requests: request.length }
  return kind.startsWith('batches.') ? { batch: request } : {}
}

/** A logger that throws must not fail a call. */
function ignoreFailures(logger: Logger): Logger {
  const safely = (level: keyof Logger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message)
    } catch {
      // There is no other place to report it.
    }
  }
  return { info: safely('info'), warn: safely('warn'), error: safely('error') }
}

function responseFields(answer: CallResponse): object {
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
    // biome-ignore lint/suspicious/noConsole: the default destination
    console.error(JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }))
  return { info: write('info'), warn: write('warn'), error: write('error') }
}
