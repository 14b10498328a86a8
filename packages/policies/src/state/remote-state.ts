// State store of another process: several processes of one program keep their state in one of them. Messages are JSON.
import { type ErrorCode, isLlmError, LlmError } from '@patchbay/core'
import { circuitSteps } from '../limits/circuit.js'
import { limiterSteps } from '../limits/limiter-steps.js'
import { accountSteps } from '../money/account.js'
import type { AtomicSteps, StepTarget } from './atomic-step.js'
import { runStep } from './run-step.js'
import type { StateStore } from './state.js'

/** What a process asks of the one that keeps the state. */
export type StateRequest = { id: number } & (
  | { do: 'get'; key: string }
  | { do: 'swap'; key: string; expected: string | undefined; next: string; ttlMs: number }
  | {
      do: 'run'
      steps: string
      group: string
      targets: readonly StepTarget<unknown>[]
      now: number | undefined
    }
)

/** What comes back. */
export type StateReply = { id: number; result?: unknown } | { id: number; problem: string; code: ErrorCode }

/** A state store that another process keeps, and where its replies go. */
export interface RemoteState {
  state: StateStore
  /** Takes a reply. */
  receive(reply: StateReply): void
}

/**
 * A state store that another process keeps, with `serveState`; steps are those of this package's policies. What it does not answer is
 * waited for: the processes end together.
 * @param post sends a request to that process
 * @example
 * const { state, receive } = remoteState((request) => process.send?.(request))
 * process.on('message', receive)
 * const llm = limit(provider, { requestsPerMinute: 60, state })
 */
export function remoteState(post: (request: StateRequest) => void): RemoteState {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: LlmError): void }>()
  let last = 0
  type Question = StateRequest extends infer One ? (One extends unknown ? Omit<One, 'id'> : never) : never
  const ask = <Result>(question: Question): Promise<Result> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, { resolve: (result) => resolve(result as Result), reject })
      post({ ...question, id } as StateRequest)
    })
  return {
    state: {
      get: (key) => ask({ do: 'get', key }),
      swap: (key, expected, next, ttlMs) => ask({ do: 'swap', key, expected, next, ttlMs }),
      run: ({ steps, group, targets, now }) => ask({ do: 'run', steps: steps.name, group, targets, now }),
    },
    receive(reply) {
      const one = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('problem' in reply) one?.reject(new LlmError(reply.code, reply.problem))
      else one?.resolve(reply.result)
    },
  }
}

/** The steps of this package, by name: functions cannot be sent. */
const stepsByName = new Map(
  [limiterSteps, accountSteps, circuitSteps].map((steps) => [
    steps.name,
    steps as AtomicSteps<unknown, unknown, unknown>,
  ]),
)

/**
 * Lets another process use a state store of this one, through its `remoteState`.
 * @returns takes a request, and resolves to the reply to send
 * @example
 * const answer = serveState(memoryState())
 * child.on('message', async (request) => child.send(await answer(request)))
 */
export function serveState(store: StateStore): (request: StateRequest) => Promise<StateReply> {
  return async (request) => {
    const { id } = request
    try {
      return { id, result: await perform(store, request) }
    } catch (error) {
      const { code, message } = isLlmError(error) ? error : new LlmError('network', String(error))
      return { id, problem: message, code }
    }
  }
}

function perform(store: StateStore, request: StateRequest): Promise<unknown> {
  switch (request.do) {
    case 'get':
      return store.get(request.key)
    case 'swap':
      return store.swap(request.key, request.expected, request.next, request.ttlMs)
    case 'run': {
      const { steps: name, group, targets, now } = request
      const steps = stepsByName.get(name)
      if (steps === undefined) throw new LlmError('config', `There are no steps named ${name}.`)
      return runStep(store, { steps, group, targets, now })
    }
    default:
      return request satisfies never
  }
}
