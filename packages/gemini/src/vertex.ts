// Google's own credentials for Vertex AI: found and refreshed by the official client. Loaded with the first such call.
import { GoogleGenAI } from '@google/genai'
import { noToken, unlessAborted } from '@patchbay/core/wire'

/**
 * Gives the headers of a request: an access token that is valid now.
 * @throws {LlmError} `authentication` without credentials, `network` if Google cannot be reached
 */
export type GoogleHeaders = (signal: AbortSignal) => Promise<Record<string, string>>

/** The client has its credentials for those that extend it. */
class Client extends GoogleGenAI {
  async headers(): Promise<Record<string, string>> {
    const label = Object.entries(this.apiClient.getHeaders())
    const auth = [...(await this.apiClient.getAuthHeaders())]
    return Object.fromEntries([...label, ...auth].map(([name, value]) => [name.toLowerCase(), value]))
  }
}

export function googleHeaders(): GoogleHeaders {
  // Addresses are ours; without a project of its own, the library would ask Google for one.
  const project = 'none'
  const client = new Client({
    ...{ vertexai: true, project, location: 'global' },
    googleAuthOptions: { projectId: project },
  })
  return (signal) =>
    unlessAborted(signal, () => client.headers()).catch((cause: unknown) => {
      if (signal.aborted) throw cause
      throw noToken(
        cause,
        'Google',
        'Google gives no token for Vertex AI. Run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.',
      )
    })
}
