// Requests of a server to the app: a model (sampling), the user (elicitation) and the folders it may use (roots).
import {
  type ClientCapabilities,
  ProtocolError,
  ProtocolErrorCode,
  type Request,
  type Result,
} from '@modelcontextprotocol/client'
import type { Provider, Warning } from '@patchbay/core'
import { ClientTasks } from './client-tasks.js'
import { answerElicitation, type Elicit } from './elicitation.js'
import { answerSampling, type Sample } from './sampling.js'

/** A folder or file that a server may use. */
export interface Root {
  /** Its address: `'file:///home/me/notes'`. */
  uri: string
  /** A name to show. Default: none. */
  name?: string
}

/** What the app offers to the servers it connects to. Some servers list tools only where they have it. */
export interface ServerRequestOptions {
  /**
   * The model that answers a server's own requests to a model, with the policies around it; or a function, which can ask the
   * user first. Default: none, and the server is told so.
   */
  sampling?: Provider | Sample | undefined
  /** Asks the user what a server wants to know. Default: nobody is asked, and the server is told so. */
  elicit?: Elicit | undefined
  /** The folders a server may use. Default: none, and the server is told so. */
  roots?: readonly Root[] | undefined
}

/** The most warnings that are kept: a server decides how often it asks, and with what. */
const mostWarnings = 100

export class ServerRequests {
  readonly #tasks = new ClientTasks()

  /** `warnings` gets those of the model's answers, each once. */
  constructor(
    readonly options: ServerRequestOptions,
    readonly warnings: Warning[],
  ) {}

  get capabilities(): ClientCapabilities {
    const { sampling, elicit, roots } = this.options
    return {
      ...(roots && { roots: {} }),
      ...(sampling && { sampling: { tools: {} } }),
      ...(elicit && { elicitation: { form: {}, url: {} } }),
      ...((sampling || elicit) && {
        tasks: {
          list: {},
          cancel: {},
          requests: {
            ...(sampling && { sampling: { createMessage: {} } }),
            ...(elicit && { elicitation: { create: {} } }),
          },
        },
      }),
    }
  }

  /** @throws {ProtocolError} for a request that is invalid, refused or unknown */
  async answer({ method, params = {} }: Request, signal: AbortSignal): Promise<Result> {
    const work = this.#workOf(method, params)
    if (work !== undefined) {
      const { task } = params
      const isTask = typeof task === 'object' && task !== null
      return isTask ? this.#tasks.create((task as { ttl?: unknown }).ttl, work) : await work(signal)
    }
    const answer = await this.#tasks.answer(method, params)
    if (answer !== undefined) return answer
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found')
  }

  /** Ends the tasks that the server waits for. */
  close(): void {
    this.#tasks.close()
  }

  #workOf(method: string, params: unknown): ((signal: AbortSignal) => Promise<Result>) | undefined {
    const { sampling, elicit, roots } = this.options
    if (method === 'roots/list' && roots !== undefined) return async () => ({ roots: [...roots] })
    if (method === 'sampling/createMessage' && sampling !== undefined)
      return (signal) => answerSampling(sampling, params, signal, (warning) => this.#warn(warning))
    if (method === 'elicitation/create' && elicit !== undefined)
      return (signal) => answerElicitation(elicit, params, signal)
    return undefined
  }

  #warn(warning: Warning): void {
    const message = `The server asked the model: ${warning.message}`
    if (this.warnings.length < mostWarnings && !this.warnings.some((known) => known.message === message))
      this.warnings.push({ ...warning, message })
  }
}
