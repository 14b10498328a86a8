// Restores the values of placeholders in a stream and a response, including placeholders split over two chunks.
import type { ChatEvent, ChatResponse, JsonSchema, Part } from '@patchbay/core'
import { PendingLogprobs } from '@patchbay/core/wire'
import { beginsJson, escapeJson, isJsonDocument } from './json-text.js'
import type { Placeholders } from './placeholders.js'
import { hasNumbers, restoredInput, restoredJson } from './restore-types.js'

type TextDelta = Extract<ChatEvent, { type: 'text' | 'reasoning' }>
type CallDelta = Extract<ChatEvent, { type: 'tool-call-delta' }>
type Call = Extract<ChatEvent, { type: 'tool-call' }>

/** The format of an answer, from its request. */
export interface AnswerFormat {
  /** Input schemas of the tools, by name. */
  tools: ReadonlyMap<string, JsonSchema>
  /** Did the request ask for JSON? */
  json: boolean
  /** Schema of the structured output, if any. */
  output?: JsonSchema
}

export class Restorer {
  /** End of the last text or reasoning delta, while it may be the beginning of a placeholder. */
  #held: { event: TextDelta; text: string } | undefined
  /** The same for the arguments of each tool call: calls may be interleaved. */
  readonly #heldCalls = new Map<string, { event: CallDelta; text: string }>()
  /** Tool calls with numbers in their schema: their arguments are shown only when complete. */
  readonly #complete = new Set<string>()
  /** The output schema, if it has numbers that were masked: then the text is shown only when complete. */
  readonly #output: JsonSchema | undefined
  /** The first 200 characters of the text. */
  #start = ''
  /** Log-probabilities of text that is held, or was just released. */
  readonly #logprobs = new PendingLogprobs()

  constructor(
    private readonly placeholders: Placeholders,
    private readonly format: AnswerFormat,
  ) {
    const { output } = format
    if (output !== undefined && hasNumbers(output) && placeholders.haveNumbers) this.#output = output
  }

  event(event: ChatEvent): ChatEvent[] {
    if (this.placeholders.empty) return [event]
    switch (event.type) {
      case 'text':
      case 'reasoning':
        return this.#textDelta(event)
      case 'tool-call-start': {
        const schema = this.format.tools.get(event.name)
        if (schema !== undefined && hasNumbers(schema)) this.#complete.add(event.id)
        return [...this.#heldText(), event]
      }
      case 'tool-call-delta':
        return this.#complete.has(event.id)
          ? this.#heldText()
          : [...this.#heldText(), ...this.#callDelta(event)]
      case 'tool-call':
        return [...this.#heldText(), ...this.#toolCall(event)]
      default:
        return [...this.#heldText(), this.placeholders.restored(event)]
    }
  }

  /** Held text that turned out not to be a placeholder. */
  flush(): ChatEvent[] {
    const calls = [...this.#heldCalls.values()].map(({ event, text }) => ({ ...event, json: text }))
    this.#heldCalls.clear()
    return [...this.#heldText(), ...calls]
  }

  /** A text of the answer with its values, escaped if the text is JSON. */
  text(text: string): string {
    const typed = this.#output && restoredJson(text, this.#output, this.placeholders)
    const spell = this.format.json || isJsonDocument(text) ? escapeJson : undefined
    return typed ?? this.placeholders.restoredText(text, spell)
  }

  /** A complete response with its values. */
  response(response: ChatResponse): ChatResponse {
    const { message, text, reasoning, toolCalls, output } = response
    return {
      ...response,
      message: { ...message, content: message.content.map((part) => this.#part(part)) },
      text: this.text(text),
      reasoning: this.placeholders.restored(reasoning),
      toolCalls: toolCalls.map((call) => ({ ...call, input: this.input(call.name, call.input) })),
      ...(output !== undefined && { output: restoredInput(output, this.format.output, this.placeholders) }),
    }
  }

  #part(part: Part): Part {
    if (part.type === 'tool-call') return { ...part, input: this.input(part.name, part.input) }
    return part.type === 'text'
      ? { ...this.placeholders.restored(part), text: this.text(part.text) }
      : this.placeholders.restored(part)
  }

  /** The input of a tool call with its values. */
  input(name: string, input: unknown): unknown {
    return restoredInput(this.#reparsed(input), this.format.tools.get(name), this.placeholders)
  }

  /** Parses arguments again that were invalid JSON because of an unquoted placeholder in place of a number. */
  #reparsed(input: unknown): unknown {
    const { $unparsed } = Object(input) as { $unparsed?: unknown }
    if (typeof $unparsed !== 'string') return input
    try {
      return JSON.parse(this.placeholders.quoted($unparsed))
    } catch {
      return input
    }
  }

  #textDelta(given: TextDelta): ChatEvent[] {
    const event = given.type === 'text' ? this.#withoutLogprobs(given) : given
    const isSame = this.#held?.event.type === event.type
    const previous = isSame ? [] : this.#heldText()
    if (event.type === 'text' && this.#start.length < 200) this.#start += event.text
    const text = (this.#held?.text ?? '') + event.text
    const isHeldUntilEnd = event.type === 'text' && this.#output !== undefined
    const at = isHeldUntilEnd ? 0 : this.placeholders.incompleteAt(text)
    this.#held = at < text.length ? { event, text: text.slice(at) } : undefined
    return [...previous, ...this.#textEvents(event, text.slice(0, at))]
  }

  #textEvents(event: TextDelta, text: string): ChatEvent[] {
    if (text === '') return []
    if (event.type === 'reasoning') return [{ ...event, text: this.placeholders.restoredText(text) }]
    const spell = this.format.json || beginsJson(this.#start) ? escapeJson : undefined
    const restored =
      this.#output === undefined ? this.placeholders.restoredText(text, spell) : this.text(text)
    return [this.#logprobs.text(restored)]
  }

  /** Keeps log-probabilities for the next text that is shown: of one event, a part may be held. */
  #withoutLogprobs({ logprobs = [], ...event }: TextDelta & { type: 'text' }): TextDelta {
    this.#logprobs.add(logprobs)
    return event
  }

  #callDelta(event: CallDelta): ChatEvent[] {
    const text = (this.#heldCalls.get(event.id)?.text ?? '') + event.json
    const at = this.placeholders.incompleteAt(text)
    if (at < text.length) this.#heldCalls.set(event.id, { event, text: text.slice(at) })
    else this.#heldCalls.delete(event.id)
    // Arguments are JSON, so values are escaped.
    const json = this.placeholders.restoredText(text.slice(0, at), escapeJson)
    return json === '' ? [] : [{ ...event, json }]
  }

  #toolCall(event: Call): ChatEvent[] {
    const { id, name } = event
    const input = this.input(name, event.input)
    const held = this.#heldCalls.get(id)
    this.#heldCalls.delete(id)
    const rest: ChatEvent[] = held === undefined ? [] : [{ ...held.event, json: held.text }]
    if (this.#complete.delete(id)) rest.push({ type: 'tool-call-delta', id, json: JSON.stringify(input) })
    return [...rest, { ...event, input }]
  }

  #heldText(): ChatEvent[] {
    const held = this.#held
    this.#held = undefined
    return held === undefined ? [] : this.#textEvents(held.event, held.text)
  }
}
