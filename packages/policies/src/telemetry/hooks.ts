// `hooks`: callbacks of the app at the start, the success and the failure of each call.
import {
  type CallOptions,
  type ChatResponse,
  type Clock,
  isLlmError,
  type LlmError,
  type Provider,
} from '@patchbay/core'
import { withDetails } from '@patchbay/core/wrap'
import { runCallback } from '../middleware/callbacks.js'
import type { CallKind, CallResponse, Calls, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'

/** A call as a hook sees it: a union, discriminated by `kind` (`'chat'`, `'embed'`, … `'batches.cancel'`). */
export type HookCall = {
  [Kind in CallKind]: { kind: Kind; request: Calls[Kind][0]; options: CallOptions; streamed: boolean }
}[CallKind]

/** A call with its response. */
export type FinishedCall = {
  [Kind in CallKind]: Extract<HookCall, { kind: Kind }> & { response: Calls[Kind][1] }
}[CallKind]

/** A call with its error. */
export type FailedCall = HookCall & { error: LlmError }

/** Options of `hooks`. Each callback may be asynchronous. */
export interface HooksOptions {
  /** Called before anything is sent. If it throws, the call is not sent and fails. */
  onStart?: ((call: HookCall) => void | Promise<void>) | undefined
  /**
   * Called once with the response, before the caller gets it; for a stream, before its `finish` event. If it throws, the call
   * fails with `aborted`, with a chat's response as `partial`.
   */
  onFinish?: ((call: FinishedCall) => void | Promise<void>) | undefined
  /** Called once with the error, also if the caller aborts or leaves a stream. What it throws is ignored: the call's error counts. */
  onError?: ((call: FailedCall) => void | Promise<void>) | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function hooks(options: HooksOptions): Policy
/**
 * Calls the app at the start, the success and the failure of each call, of whatever kind: to save a conversation, to count, to
 * alert. For logs and traces there are `log` and `trace`; to change requests or responses, extend `Middleware`.
 *
 * @example
 * const llm = hooks(provider, {
 *   onFinish: async (call) => {
 *     if (call.kind === 'chat') await save(call.options.metadata?.key, call.request, call.response.message)
 *   },
 * })
 */
export function hooks(provider: Provider, options: HooksOptions): Provider
export function hooks(first: Provider | HooksOptions, second?: HooksOptions): Provider | Policy {
  return policyOf(
    'hooks',
    hooksOptionNames,
    [first, second],
    (provider, options) => new Hooks(provider, options),
  )
}

const hooksOptionNames: OptionNames<HooksOptions> = {
  onStart: true,
  onFinish: true,
  onError: true,
  clock: true,
}

class Hooks extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.hooks

  constructor(
    inner: Provider,
    private readonly options: HooksOptions,
  ) {
    super(inner, options.clock)
  }

  protected async intercept({ deadline: _, ...call }: PolicyCall): Promise<Interception> {
    const { onStart, onFinish, onError } = this.options
    await runCallback('hooks.onStart', () => onStart?.(call as HookCall), this)
    return {
      done: async (response) => {
        try {
          await runCallback('hooks.onFinish', () => onFinish?.({ ...call, response } as FinishedCall), this)
          return response
        } catch (error) {
          throw isLlmError(error) && isChat(response) ? withDetails(error, { partial: response }) : error
        }
      },
      failed: (error) => onError?.({ ...call, error } as FailedCall),
    }
  }
}

function isChat(response: CallResponse): response is ChatResponse {
  return typeof response === 'object' && 'message' in response
}
