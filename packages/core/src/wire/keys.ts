// Keys in what a service says of a failure: some servers repeat the key that they refuse.
import { errorText } from './http.js'

/** Names of headers whose values nobody but the service should see. */
const secretNames = /auth|key|token|secret|cookie/i
// Shorter ones are stand-ins ("none"), and words of the message might be the same.
const shortestKey = 8
// Fetch: these have no body.
const bodiless = new Set([0, 101, 204, 205, 304])

/** A failure's response, in which no key of its request stands any more. */
export async function withoutKeys(response: Response, headers: RequestInit['headers']): Promise<Response> {
  const keys = [...new Headers(headers)]
    .filter(([name]) => secretNames.test(name))
    .map(([, value]) => value.replace(/^(bearer|basic)\s+/i, ''))
    .filter((key) => key.length >= shortestKey)
  const { status, statusText } = response
  if (keys.length === 0 || bodiless.has(status)) return response
  const text = await errorText(response)
  const quiet = keys.reduce((said, key) => said.replaceAll(key, '…'), text)
  return new Response(quiet, { status, statusText, headers: response.headers })
}
