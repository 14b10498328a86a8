// Raw requests: what a client wrote in the protocol of the service, which a backend of that protocol sends as it is.

/** The protocols that a raw request can have. */
export type WireProtocol = 'anthropic-messages' | 'openai-responses' | 'openai-chat' | 'ollama-chat'

/**
 * A request in the protocol of a service: `providerOptions: { claude: { rawRequest } }` of the chat request that says the same, for
 * policies and for providers that speak another protocol. `bindRaw` ties the two together. It is sent only while they are: once a
 * policy has changed the chat request, or copied the raw one, the chat request is sent.
 */
export interface RawRequest {
  protocol: WireProtocol
  /** The body. The backend sets `model`. */
  body: Record<string, unknown>
  /** Headers that belong to the protocol, for example `anthropic-beta`; names in lower case. */
  headers: Record<string, string>
  /**
   * Set if the chat request does not say all of it: the message of the `invalid-request` error where the chat request would be
   * sent in its place.
   */
  refusal?: string
}

/**
 * Takes each event of an answer as the service sent it, or the whole answer. The next event is read when it has settled. `text` is the
 * JSON that the service wrote, where it is known; it may have line ends.
 */
export type AnswerTap = (value: unknown, form: 'event' | 'whole', text?: string) => void | Promise<void>
