// The provider under test, and the questions the groups of the suite ask it.
import {
  type Capabilities,
  type ChatRequest,
  type ErrorCode,
  isLlmError,
  type LlmError,
  type Provider,
} from '@patchbay/core'
import { expect } from 'vitest'

/** A schema for all of them: what a model must answer with. */
export const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
  required: ['name', 'age'],
  additionalProperties: false,
}

/** What the groups of the suite share. `provider` and `capabilities` are there once the tests run. */
export class Subject {
  provider!: Provider
  capabilities!: Capabilities

  constructor(
    /** Makes another provider of the same kind. */
    readonly factory: () => Provider | Promise<Provider>,
    readonly short: string,
    readonly long: string,
    readonly deterministic: boolean,
    readonly toolRequest: ChatRequest,
    /** The bodies that were sent so far, where they can be seen. */
    readonly sent?: (() => readonly string[]) | undefined,
  ) {}

  async open(): Promise<void> {
    this.provider = await this.factory()
    this.capabilities = await this.provider.capabilities()
  }

  /** The most tokens of an answer, where the model takes such a limit. */
  limit(maxOutputTokens: number): { maxOutputTokens?: number } {
    return this.capabilities.options?.maxOutputTokens === false ? {} : { maxOutputTokens }
  }

  /** The one typed error a call must end with. */
  readonly failure = async (promise: Promise<unknown>): Promise<LlmError> => {
    const error: unknown = await promise.then(
      () => undefined,
      (thrown) => thrown,
    )
    if (!isLlmError(error))
      expect.fail(`expected an LlmError, got ${error === undefined ? 'an answer' : String(error)}`)
    expect(error.message).toMatch(/\S\.$/)
    expect(error.provider).toBe(this.provider.provider)
    expect(error.model).toBe(this.provider.model)
    return error
  }

  readonly failsWith = async (code: ErrorCode, promise: Promise<unknown>): Promise<LlmError> => {
    const error = await this.failure(promise)
    expect(error.code).toBe(code)
    return error
  }

  /** It is well. */
  readonly answers = async (): Promise<void> =>
    expect((await this.provider.chat(this.short)).text).not.toBe('')
}
