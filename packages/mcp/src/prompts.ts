// Prompts of a server: messages that the app's user chooses, for a conversation with any provider.
import { type CallOptions, LlmError, type Message } from '@patchbay/core'
import type { Connection } from './connection.js'
import { asFailure, nameOfServer } from './errors.js'
import { toParts } from './result.js'
import { anything, asObject } from './tool-list.js'

/** A prompt that a server offers, for the user to choose. */
export interface McpPrompt {
  name: string
  /** A name to show. Absent: the server gives none. */
  title?: string
  description?: string
  /** What can be filled in. */
  arguments: { name: string; description?: string; required: boolean }[]
}

// A server that always has a next page would be read for ever.
const mostPages = 64

/**
 * The prompts of the server; none if it offers none. An entry without a name is left out.
 * @throws {LlmError} like a call of a tool
 */
export async function listPrompts(
  connection: Connection,
  { signal }: Pick<CallOptions, 'signal'> = {},
): Promise<McpPrompt[]> {
  return await askServer(connection, 'for its prompts', signal, async (options) =>
    connection.use(async (client) => {
      if (client.getServerCapabilities()?.prompts === undefined) return []
      const found = new Map<string, McpPrompt>()
      const seen = new Set<string>()
      let cursor: string | undefined
      for (let page = 0; page < mostPages; page++) {
        const params = cursor === undefined ? {} : { cursor }
        const result = asObject(await client.request({ method: 'prompts/list', params }, anything, options))
        const { prompts, nextCursor } = result ?? {}
        for (const prompt of Array.isArray(prompts) ? prompts.flatMap(toPrompt) : [])
          if (!found.has(prompt.name)) found.set(prompt.name, prompt)
        if (typeof nextCursor !== 'string' || seen.has(nextCursor)) break
        seen.add(nextCursor)
        cursor = nextCursor
      }
      return [...found.values()]
    }),
  )
}

/**
 * The messages of a prompt, filled in.
 * @throws {LlmError} `tool-failed` with what the server says of a prompt or an argument that it does not know
 */
export async function getPrompt(
  connection: Connection,
  name: string,
  values: Readonly<Record<string, string>> = {},
  { signal }: Pick<CallOptions, 'signal'> = {},
): Promise<Message[]> {
  return await askServer(connection, `for the prompt ${name}`, signal, async (options) => {
    const params = { name, arguments: { ...values } }
    const result = await connection.use((client) =>
      client.request({ method: 'prompts/get', params }, anything, options),
    )
    const messages = asObject(result)?.messages
    return (Array.isArray(messages) ? messages : []).map((message): Message => {
      const { role, content } = asObject(message) ?? {}
      const blocks = Array.isArray(content) ? content : [content]
      return { role: role === 'assistant' ? 'assistant' : 'user', content: toParts(blocks) }
    })
  })
}

async function askServer<T>(
  connection: Connection,
  what: string,
  signal: AbortSignal | undefined,
  ask: (options: { timeout: number; signal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { server, timeout } = connection
  try {
    signal?.throwIfAborted()
    return await ask({ timeout, ...(signal && { signal }) })
  } catch (thrown) {
    if (signal?.aborted)
      throw new LlmError('aborted', `Asking ${nameOfServer(server)} ${what} was ended.`, {
        cause: signal.reason,
      })
    connection.throwIfClosed(thrown)
    throw asFailure(thrown, server, `${nameOfServer(server)} could not be asked ${what}`, 'Try again.')
  }
}

function toPrompt(entry: unknown): McpPrompt[] {
  const { name, title, description, arguments: given } = asObject(entry) ?? {}
  if (typeof name !== 'string' || name === '') return []
  const known = (Array.isArray(given) ? given : []).flatMap((argument) => {
    const { name, description, required } = asObject(argument) ?? {}
    return typeof name === 'string'
      ? [{ name, ...(typeof description === 'string' && { description }), required: required === true }]
      : []
  })
  return [
    {
      name,
      ...(typeof title === 'string' && { title }),
      ...(typeof description === 'string' && { description }),
      arguments: known,
    },
  ]
}
