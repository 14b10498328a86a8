// The provider under test, with its example requests and the assertions that several groups of the suite share.
import {
  type Capabilities,
  type ChatRequest,
  type ErrorCode,
  isLlmError,
  type LlmError,
  type Provider,
} from '@patchbay/core'
import { expect } from 'vitest'

/** The JSON Schema of the structured answers that the suite asks for. */
export const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
  required: ['name', 'age'],
  additionalProperties: false,
}

/** The provider under test. `provider` and `capabilities` are set before the first test runs. */
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
    /** Returns the bodies that the service has received so far; `false` if they are not looked at. */
    private readonly sentOption: (() => readonly string[]) | false | undefined,
    /** Features that the service refuses although the provider does not know it. */
    readonly refusedByService: readonly string[] = [],
  ) {}

  readonly #fetched: string[] = []
  #fetch: typeof fetch | undefined

  /** The bodies that the service has received so far: the caller knows them, or they are those of `fetch`. */
  get sent(): readonly string[] {
    return this.sentOption ? this.sentOption() : this.#fetched
  }

  /** Whether the suite looks at what is sent. */
  get checksSent(): boolean {
    return this.sentOption !== false
  }

  async open(): Promise<void> {
    if (this.sentOption === undefined) this.#listen()
    this.provider = await this.factory()
    this.capabilities = await this.provider.capabilities()
  }

  async close(): Promise<void> {
    if (this.#fetch !== undefined) globalThis.fetch = this.#fetch
    await this.provider.close()
  }

  /** Remembers the bodies of all requests that go through the platform's `fetch`. */
  #listen(): void {
    const original = globalThis.fetch
    this.#fetch = original
    globalThis.fetch = (input, init) => {
      const body = init?.body
      if (typeof body === 'string') this.#fetched.push(body)
      else if (body instanceof Uint8Array) this.#fetched.push(new TextDecoder().decode(body))
      return original(input, init)
    }
  }

  /** `maxOutputTokens`, if the model accepts it. */
  limit(maxOutputTokens: number): { maxOutputTokens?: number } {
    return this.capabilities.options?.maxOutputTokens === false ? {} : { maxOutputTokens }
  }

  /** Asserts that the call ends with an `LlmError` of this provider, and returns it. */
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

  /** Asserts that the call ends with an `LlmError` of this code, and returns it. */
  readonly failsWith = async (code: ErrorCode, promise: Promise<unknown>): Promise<LlmError> => {
    const error = await this.failure(promise)
    expect(error.code).toBe(code)
    return error
  }

  /**
   * Asserts that the call answers, or ends with an `LlmError` of one of these codes.
   * @returns the answer; `undefined` after an error
   */
  readonly answerOr = async <T>(codes: readonly ErrorCode[], call: Promise<T>): Promise<T | undefined> => {
    const [answer] = await call.then(
      (value): [T?] => [value],
      (error: unknown): [] => {
        if (!isLlmError(error)) throw error
        expect(codes, error.message).toContain(error.code)
        // A long text of a service is cut.
        expect(error.message).toMatch(/\S[.…]$/)
        return []
      },
    )
    return answer
  }

  /** Asserts that the provider still answers. */
  readonly answers = async (): Promise<void> =>
    expect((await this.provider.chat(this.short)).text).not.toBe('')
}
