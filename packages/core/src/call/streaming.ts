// Decides between a streamed and a complete answer on the wire.

// In tokens. A longer answer can take minutes: proxies drop connections that are silent for so long, and a silent server cannot be
// told from a dead one.
const shortAnswer = 4096

/**
 * Streamed if somebody reads the events, or if the answer may be long. Otherwise the service may send the answer in one piece,
 * which costs both sides less. Without `maxOutputTokens` an answer may be long.
 */
export function isStreamedOnWire(hasReader: boolean, maxOutputTokens: number | undefined): boolean {
  return hasReader || maxOutputTokens === undefined || maxOutputTokens > shortAnswer
}
