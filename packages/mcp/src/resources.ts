// Resources of a server: the content behind a link.
import { LlmError, type Part } from '@patchbay/core'
import type { Connection } from './connection.js'
import { asFailure, nameOfServer } from './errors.js'
import { toParts } from './result.js'
import { anything, asObject } from './tool-list.js'

/** The contents of a resource, as parts. */
export async function readResource(
  connection: Connection,
  uri: string,
  signal: AbortSignal | undefined,
): Promise<Part[]> {
  try {
    signal?.throwIfAborted()
    const options = { timeout: connection.timeout, ...(signal && { signal }) }
    const result = await connection.use((client) =>
      client.request({ method: 'resources/read', params: { uri } }, anything, options),
    )
    const contents = asObject(result)?.contents
    return toParts(
      (Array.isArray(contents) ? contents : []).map((resource) => ({ type: 'resource', resource })),
    )
  } catch (thrown) {
    if (signal?.aborted) throw new LlmError('aborted', `Reading ${uri} was ended.`, { cause: signal.reason })
    connection.throwIfClosed(thrown)
    const what = `${nameOfServer(connection.server)} could not be asked for ${uri}`
    throw asFailure(thrown, connection.server, what, 'Try again.')
  }
}
