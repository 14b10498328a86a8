// Messages between the primary process of `serve --workers` and its workers, and questions that wait for their answers.
import type { MetricsSnapshot } from '@patchbay/gateway'
import type { FromOwner, ToOwner } from '@patchbay/local'
import type { StateReply, StateRequest } from '@patchbay/policies'

/** What a worker cannot start with, as the command line tells it. */
export interface StartProblem {
  /** The line of the error, and the one that says where to read more. */
  text: string
  exitCode: number
}

export type ToWorker =
  | { type: 'reload'; id: number }
  | { type: 'read-metrics'; id: number }
  | { type: 'ping' }
  | { type: 'metrics-page'; id: number; text: string }
  | { type: 'local'; message: FromOwner }
  | { type: 'state'; reply: StateReply }
  | { type: 'close' }

export type ToPrimary =
  | { type: 'started'; url: string }
  | { type: 'not-started'; problem: StartProblem }
  /** `problem`: the old configuration stays. */
  | { type: 'reloaded'; id: number; problem?: string }
  | { type: 'metrics'; id: number; snapshot: MetricsSnapshot }
  | { type: 'pong' }
  | { type: 'wants-metrics-page'; id: number }
  | { type: 'local'; message: ToOwner }
  | { type: 'state'; request: StateRequest }

/** Questions that were asked, by id. */
export class Questions<Answer> {
  readonly #open = new Map<number, (answer: Answer) => void>()
  #last = 0

  /** Asks with a new id, and waits for its answer. */
  ask(send: (id: number) => void): Promise<Answer> {
    const id = ++this.#last
    return new Promise((resolve) => {
      this.#open.set(id, resolve)
      send(id)
    })
  }

  answer(id: number, answer: Answer): void {
    this.#open.get(id)?.(answer)
    this.#open.delete(id)
  }
}
