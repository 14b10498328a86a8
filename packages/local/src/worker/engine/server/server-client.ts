// HTTP client of a llama-server: requests for JSON, and streams of server-sent events.
import { Agent, type IncomingMessage, request } from 'node:http'
import { JobError } from '../../failure.js'
import { promptTooLong } from '../../prompt/chat-template.js'

/** Where the server listens: a socket in a folder of our own, or a port of this machine; and its key. */
export type ServerAddress = ({ socketPath: string } | { host: string; port: number }) & { key: string }

/** A part of the answer of `/completion`. */
export interface CompletionChunk {
  content?: string
  /** Only the last token of those that make up `content`. */
  tokens?: number[]
  /** Number of tokens that have been generated. */
  tokens_predicted?: number
  /** Number of tokens of the prompt, those of images and sound included. */
  tokens_evaluated?: number
  stop?: boolean
  stop_type?: string
  timings?: { cache_n?: number }
  /** After sampling; likeliest first. */
  completion_probabilities?: (TokenProbability & { top_probs: TokenProbability[] })[]
}

interface TokenProbability {
  id: number
  prob: number
}

export class ServerClient {
  // The server closes connections as it likes: one that is used again may be gone.
  readonly #agent = new Agent({ keepAlive: false })

  constructor(
    /** `undefined` until it is known where the server listens. */
    private readonly address: () => ServerAddress | undefined,
    /** Called when a connection breaks; resolves if the server is alive all the same. */
    private readonly onBroken: () => Promise<void> = async () => {},
  ) {}

  /** The status of a GET request, whatever it is. */
  async status(path: string, signal?: AbortSignal): Promise<number> {
    const response = await this.#send('GET', path, undefined, signal)
    response.resume()
    return response.statusCode ?? 0
  }

  /**
   * A request with JSON in and out.
   * @throws {JobError} what the server refuses, `inference` for a broken connection
   */
  json(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#guarded(signal, async () => {
      const response = await this.#send(body === undefined ? 'GET' : 'POST', path, body, signal)
      const text = await textOf(response)
      if (response.statusCode !== 200) throw refusal(text, response.statusCode)
      return parse(text)
    })
  }

  /**
   * The parts of a streamed answer. Ends the request, and so the server's work, when its reader stops.
   * @throws {JobError} what the server refuses, `inference` for a broken connection
   */
  async *stream(path: string, body: object): AsyncGenerator<CompletionChunk, void, undefined> {
    const controller = new AbortController()
    try {
      const response = await this.#guarded(controller.signal, async () => {
        const response = await this.#send('POST', path, { ...body, stream: true }, controller.signal)
        const { statusCode, headers } = response
        if (statusCode !== 200) throw refusal(await textOf(response), statusCode)
        if (headers['content-type']?.startsWith('text/event-stream')) return response
        throw notUnderstood(await textOf(response))
      })
      const chunks = events(response)
      for (;;) {
        const { value, done } = await this.#guarded(controller.signal, () => chunks.next())
        if (done) return
        yield value
      }
    } finally {
      controller.abort()
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  /** A connection that breaks by itself is mostly a server that dies, which is told in another way. */
  async #guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof JobError || signal?.aborted) throw error
      await this.onBroken()
      throw new JobError('inference', `The connection to llama-server broke: ${(error as Error).message}`)
    }
  }

  async #send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const address = this.address()
    if (address === undefined) throw new Error('llama-server does not listen yet')
    const { key, ...where } = address
    return new Promise((resolve, reject) => {
      const sent = request({
        ...where,
        agent: this.#agent,
        method,
        path,
        headers: {
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
          authorization: `Bearer ${key}`,
        },
        ...(signal && { signal }),
      })
      sent
        .on('response', (response) => {
          // An answer that nobody reads any more may break off.
          response.on('error', () => {})
          resolve(response)
        })
        .on('error', reject)
      sent.end(text)
    })
  }
}

/** The events of a stream. */
async function* events(response: IncomingMessage): AsyncGenerator<CompletionChunk, void, undefined> {
  let rest = ''
  let ended = false
  for await (const text of response.setEncoding('utf8')) {
    // Each piece is scanned once, however long its line gets.
    const lines = text.split('\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('error:')) throw refusal(line.slice('error:'.length))
      if (!line.startsWith('data:') || line.startsWith('data: [DONE]')) continue
      const data = parse(line.slice('data:'.length))
      if ('error' in data) throw refusal(JSON.stringify(data))
      ended = (data as CompletionChunk).stop === true
      yield data
    }
  }
  if (!ended) throw new Error('the answer ended early')
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Reported below.
  }
  throw notUnderstood(text)
}

function notUnderstood(text: string): JobError {
  return new JobError(
    'inference',
    `llama-server answered with something else than JSON: ${text.slice(0, 200)}`,
  )
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return text
}

/** The error for what the server refuses: `{ error: { message, type, … } }`. */
function refusal(text: string, status?: number): JobError {
  const { error } = parse(text) as {
    error?: { message?: string; type?: string; n_prompt_tokens?: number; n_ctx?: number }
  }
  if (error?.type === 'exceed_context_size_error')
    return promptTooLong(error.n_prompt_tokens ?? 'too many', error.n_ctx ?? 0)
  return new JobError(
    'inference',
    `llama-server refused the request: ${error?.message ?? `status ${status}, ${text.slice(0, 200)}`}`,
  )
}
