// Notices closed connections of the pool before a request is sent on one.

// Taken now, before a test replaces the timers.
const { setImmediate: soon } = globalThis

/**
 * Lets Node notice which pooled connections the servers have closed: with a busy event loop, the next request would be sent on
 * one of them. There is no retry here: once a byte is sent, the server may have read the request.
 */
export async function pollIdleConnections(): Promise<void> {
  if (soon === undefined) return
  // Only the second turn of the event loop surely comes after the sockets were polled.
  await new Promise<void>((resolve) => soon(() => soon(resolve)))
}
