// Vertex AI with Google's own credentials: found and refreshed by the official client. Loaded with the first such call.
import { GoogleGenAI } from '@google/genai'
import { LlmError } from '@patchbay/core'

/** Where a project's models are, and who asks. */
export interface VertexClient {
  /** `projects/NAME/locations/REGION` */
  readonly path: string
  /** The headers of a request: an access token that is valid now. */
  headers(signal: AbortSignal): Promise<Record<string, string>>
}

/** The client has its address and credentials for those that extend it. */
class Client extends GoogleGenAI {
  get path(): string {
    return this.apiClient.getBaseResourcePath()
  }

  async headers(): Promise<Record<string, string>> {
    const label = Object.entries(this.apiClient.getHeaders())
    const auth = [...(await this.apiClient.getAuthHeaders())]
    return Object.fromEntries([...label, ...auth].map(([name, value]) => [name.toLowerCase(), value]))
  }
}

/** @throws {LlmError} `config` without a project, `authentication` without credentials */
export async function vertexClient({
  project = process.env.GOOGLE_CLOUD_PROJECT || undefined,
  location,
}: {
  project?: string | undefined
  location: string
}): Promise<VertexClient> {
  if (project === undefined)
    throw new LlmError(
      'config',
      'No project for Vertex AI. Pass vertex: { project }, or set GOOGLE_CLOUD_PROJECT.',
    )
  // With the project, the library does not ask Google for it.
  const client = new Client({
    ...{ vertexai: true, project, location },
    googleAuthOptions: { projectId: project },
  })
  return {
    path: client.path,
    headers: (signal) =>
      unlessAborted(signal, client.headers()).catch((cause: unknown) => {
        if (signal.aborted) throw cause
        // The library passes on what its own HTTP client says: a code of the system.
        const isNetwork = /^E[A-Z_]+$/.test(String((cause as { code?: unknown } | null)?.code))
        throw isNetwork
          ? new LlmError('network', 'Google cannot be reached for a token. Check the network.', { cause })
          : new LlmError(
              'authentication',
              'Google gives no token for Vertex AI. Run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.',
              { cause },
            )
      }),
  }
}

/** The official client cannot be told to stop: its answer is awaited by nobody then. */
function unlessAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
