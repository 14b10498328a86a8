// A stream with its placeholders replaced by what they stand for, also where one comes in two pieces.
import type { ChatEvent, ChatResponse, JsonSchema, Part } from '@patchbay/core'
import { beginsJson, isJson, spelled } from './json-text.js'
import type { Placeholders } from './placeholders.js'
import { restoredInput, restoredJson, wantsNumbers } from './restore-types.js'

type Said = Extract<ChatEvent, { type: 'text' | 'reasoning' }>
type CallDelta = Extract<ChatEvent, { type: 'tool-call-delta' }>
type Call = Extract<ChatEvent, { type: 'tool-call' }>

/** What is known of the request whose answer it is. */
export interface Asked {
  /** The schemas of its tools, by their names. */
  tools: ReadonlyMap<string, JsonSchema>
  /** Is the text of the answer to be JSON? */
  json: boolean
  /** The schema of its value, where there is one. */
  output?: JsonSchema
}

export class Restored {
  /** The end of the last delta of text or reasoning, while it may be the beginning of a placeholder. */
  #held: { event: Said; text: string } | undefined
  /** The same of each call's arguments: calls may come at the same time. */
  readonly #heldCalls = new Map<string, { event: CallDelta; text: string }>()
  /** Calls whose arguments are shown when they are whole: a number may have to become one again. */
  readonly #whole = new Set<string>()
  /** The schema of the answer, where a number may have to become one again: its text too is shown when it is whole. */
  readonly #output: JsonSchema | undefined
  #begin = ''

  constructor(
    private readonly placeholders: Placeholders,
    private readonly asked: Asked,
  ) {
    const { output } = asked
    if (output !== undefined && wantsNumbers(output) && placeholders.haveNumbers) this.#output = output
  }

  event(event: ChatEvent): ChatEvent[] {
    if (this.placeholders.empty) return [event]
    switch (event.type) {
      case 'text':
      case 'reasoning':
        return this.#said(event)
      case 'tool-call-start': {
        const schema = this.asked.tools.get(event.name)
        if (schema !== undefined && wantsNumbers(schema)) this.#whole.add(event.id)
        return [...this.#restOfText(), event]
      }
      case 'tool-call-delta':
        return this.#whole.has(event.id) ? this.#restOfText() : [...this.#restOfText(), ...this.#delta(event)]
      case 'tool-call':
        return [...this.#restOfText(), ...this.#call(event)]
      default:
        return [...this.#restOfText(), this.placeholders.restored(event)]
    }
  }

  /** What was held back and turned out to be nothing. */
  rest(): ChatEvent[] {
    const calls = [...this.#heldCalls.values()].map(({ event, text }) => ({ ...event, json: text }))
    this.#heldCalls.clear()
    return [...this.#restOfText(), ...calls]
  }

  /** A text of the answer: where it is JSON, a value stands in it as JSON spells it. */
  text(text: string): string {
    const typed = this.#output && restoredJson(text, this.#output, this.placeholders)
    const spell = this.asked.json || isJson(text) ? spelled : undefined
    return typed ?? this.placeholders.restoredText(text, spell)
  }

  /** A whole answer. */
  response(response: ChatResponse): ChatResponse {
    const { message, text, reasoning, toolCalls, output } = response
    return {
      ...response,
      message: { ...message, content: message.content.map((part) => this.#part(part)) },
      text: this.text(text),
      reasoning: this.placeholders.restored(reasoning),
      toolCalls: toolCalls.map((call) => ({ ...call, input: this.input(call.name, call.input) })),
      ...(output !== undefined && { output: restoredInput(output, this.asked.output, this.placeholders) }),
    }
  }

  #part(part: Part): Part {
    if (part.type === 'tool-call') return { ...part, input: this.input(part.name, part.input) }
    return part.type === 'text'
      ? { ...this.placeholders.restored(part), text: this.text(part.text) }
      : this.placeholders.restored(part)
  }

  input(name: string, input: unknown): unknown {
    return restoredInput(this.#parsed(input), this.asked.tools.get(name), this.placeholders)
  }

  /** Arguments that could not be parsed, because a placeholder stands where a number belongs, can be now. */
  #parsed(input: unknown): unknown {
    const { $unparsed } = Object(input) as { $unparsed?: unknown }
    if (typeof $unparsed !== 'string') return input
    try {
      return JSON.parse(this.placeholders.quoted($unparsed))
    } catch {
      return input
    }
  }

  #said(event: Said): ChatEvent[] {
    const isSame = this.#held?.event.type === event.type
    const before = isSame ? [] : this.#restOfText()
    if (event.type === 'text' && this.#begin.length < 200) this.#begin += event.text
    const text = (this.#held?.text ?? '') + event.text
    const isTyped = event.type === 'text' && this.#output !== undefined
    const at = isTyped ? 0 : this.placeholders.begunAt(text)
    this.#held = at < text.length ? { event, text: text.slice(at) } : undefined
    return [...before, ...this.#shown(event, text.slice(0, at))]
  }

  #shown(event: Said, text: string): ChatEvent[] {
    if (text === '') return []
    if (event.type === 'text' && this.#output !== undefined) return [{ ...event, text: this.text(text) }]
    const spell = event.type === 'text' && (this.asked.json || beginsJson(this.#begin)) ? spelled : undefined
    return [{ ...event, text: this.placeholders.restoredText(text, spell) }]
  }

  #delta(event: CallDelta): ChatEvent[] {
    const text = (this.#heldCalls.get(event.id)?.text ?? '') + event.json
    const at = this.placeholders.begunAt(text)
    if (at < text.length) this.#heldCalls.set(event.id, { event, text: text.slice(at) })
    else this.#heldCalls.delete(event.id)
    // Arguments are JSON.
    const json = this.placeholders.restoredText(text.slice(0, at), spelled)
    return json === '' ? [] : [{ ...event, json }]
  }

  #call(event: Call): ChatEvent[] {
    const { id, name } = event
    const input = this.input(name, event.input)
    const held = this.#heldCalls.get(id)
    this.#heldCalls.delete(id)
    const rest: ChatEvent[] = held === undefined ? [] : [{ ...held.event, json: held.text }]
    if (this.#whole.delete(id)) rest.push({ type: 'tool-call-delta', id, json: JSON.stringify(input) })
    return [...rest, { ...event, input }]
  }

  #restOfText(): ChatEvent[] {
    const held = this.#held
    this.#held = undefined
    return held === undefined ? [] : this.#shown(held.event, held.text)
  }
}
