// Tells a stream of events from a complete body by its content type.

/** Whether the response is a stream of events. By its content type; without one, it is what was requested. */
export function isStream(
  response: Response,
  requested: boolean,
): response is Response & { body: ReadableStream<Uint8Array> } {
  const type = response.headers.get('content-type') ?? ''
  return response.body !== null && (requested ? !type.includes('json') : type.includes('event-stream'))
}
