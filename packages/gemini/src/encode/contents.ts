// The conversation as contents and parts. Sources: ai.google.dev/gemini-api/docs/function-calling and /thought-signatures,
// November 2026, and refusals of the service, named where they are kept.
import { LlmError, type Part, type PreparedChat, type PreparedMessage, type Warning } from '@patchbay/core'
import {
  isMedia,
  type LeaveOut,
  type OmissionWarner,
  objectInput,
  omissionWarner,
  separateMedia,
  stateOf,
  warnOfMarks,
} from '@patchbay/core/wire'
import { isReport } from '../decode/server-tools.js'
import type { KnownRules } from '../models.js'
import { toInlinePart, toMediaPart } from './media.js'

/** A part as it goes over the wire. */
export type WirePart = Record<string, unknown>
/** A turn as it goes over the wire. */
export interface Content {
  role: 'user' | 'model'
  parts: WirePart[]
}
/** Who is asked: state goes back only to whoever made it. */
export interface Target {
  model: string
  host: string
}
/** The fields `contents` and `systemInstruction`. */
export interface Conversation {
  contents: Content[]
  systemInstruction?: { parts: WirePart[] }
}

/** @throws {LlmError} `unsupported` for parts that the API has no form for */
export function toConversation(
  { messages }: Pick<PreparedChat, 'messages'>,
  target: Target,
  rules: KnownRules,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Conversation {
  const warnOmitted = omissionWarner('Gemini', warn)
  warnOfMarks(messages, warnOmitted)
  const encoder = new Encoder(target, rules, leaveOut, warnOmitted)
  const contents = encoder.contents(messages)
  const system = messages
    .filter(({ role }) => role === 'system')
    .flatMap(({ content }) => encoder.said(content))
    .filter(({ text }) => text !== '')
  if (contents.length === 0)
    throw new LlmError(
      'invalid-request',
      'Gemini does not accept a conversation without content. Add a message.',
    )
  if (contents[0]?.role === 'model') {
    // "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
    contents.unshift({ role: 'user', parts: [{ text: '.' }] })
    warn({
      code: 'repaired',
      feature: 'messages',
      message: 'For Gemini a conversation begins with the user: a message "." was put before the first one.',
    })
  }
  return { contents, ...(system.length > 0 && { systemInstruction: { parts: system } }) }
}

/** ai.google.dev/gemini-api/docs/thought-signatures (FAQ): what stands in for the signature of a call of another model. */
const unsigned = 'skip_thought_signature_validator'

class Encoder {
  /** Of the last turn with calls, by our id: results name their call. */
  #calls = new Map<string, { name: string; id?: unknown }>()

  constructor(
    readonly target: Target,
    readonly rules: KnownRules,
    readonly leaveOut: LeaveOut,
    readonly warnOmitted: OmissionWarner,
  ) {}

  /**
   * Roles alternate: turns of one side are merged, results first and in the order of their calls: "the number of function response
   * parts is equal to the number of function call parts of the function call turn" (microsoft/vscode#299295, March 2026).
   */
  contents(messages: PreparedMessage[]): Content[] {
    const contents: Content[] = []
    const add = (role: Content['role'], parts: WirePart[]) => {
      const last = contents.at(-1)
      if (parts.length === 0) return
      if (last?.role === role) last.parts.push(...parts)
      else contents.push({ role, parts })
    }
    let shown: Part[] = []
    const addShown = () => {
      add(
        'user',
        shown.flatMap((part) => this.#part(part)),
      )
      shown = []
    }
    for (const { role, content } of messages) {
      if (role === 'system') continue
      if (role !== 'tool') addShown()
      if (role === 'assistant') {
        // What the model itself drew has its place in the turn; media of others are shown by the user.
        const turn = content.map((part) =>
          this.#stateOf(part) === undefined ? separateMedia([part]) : { said: [part], shown: [] },
        )
        this.#calls = new Map()
        add('model', this.#turn(turn.flatMap(({ said }) => said)))
        shown = turn.flatMap((one) => one.shown)
      } else if (role === 'tool') {
        const results = content.flatMap((part) => (part.type === 'tool-result' ? [this.#result(part)] : []))
        add(
          'user',
          results.map(({ part }) => part),
        )
        shown.push(...results.flatMap((result) => result.shown))
      } else add('user', this.said(content))
    }
    addShown()
    return contents
  }

  /** The parts of a message of the user or of the system. */
  said(content: readonly Part[]): WirePart[] {
    return content.flatMap((part) => this.#part(part))
  }

  /** A turn of the model. The first call of a turn must be signed; those beside it need not be. */
  #turn(content: readonly Part[]): WirePart[] {
    const parts = content.flatMap((part) => this.#part(part))
    const first = parts.find(({ functionCall }) => functionCall !== undefined)
    if (this.rules.signedCalls && first !== undefined) first.thoughtSignature ??= unsigned
    return parts
  }

  #part(part: Part): WirePart[] {
    const own = this.#stateOf(part)
    const { thoughtSignature } = own ?? {}
    const signed = thoughtSignature !== undefined && { thoughtSignature }
    switch (part.type) {
      case 'text':
        // "Unable to submit request because it must have a text parameter."
        return part.text === '' && !signed ? [] : [{ text: part.text, ...signed }]
      case 'refusal':
        return part.text === '' ? [] : [{ text: part.text }]
      case 'reasoning':
        if (own === undefined) {
          this.warnOmitted('reasoning')
          return []
        }
        // A signature that came alone, after the text it belongs to.
        return [{ text: part.text, ...(own.thought === true && { thought: true }), ...signed }]
      case 'image':
      case 'file':
      case 'audio':
        return toMediaPart(part, this.leaveOut).map((wire) => ({ ...wire, ...signed }))
      case 'tool-call': {
        const id = own?.id
        this.#calls.set(part.id, { name: part.name, id })
        const call = { ...(id !== undefined && { id }), name: part.name, args: objectInput(part.input) }
        return [{ functionCall: call, ...signed }]
      }
      case 'tool-result':
        return [this.#result(part).part]
      case 'provider-block':
        if (own !== undefined) return isReport(own) ? [] : [{ ...own }]
        this.warnOmitted('provider-block')
        return []
    }
  }

  /** A result; media that it may not hold are shown after it. */
  #result({ id, name, output, isError }: Extract<Part, { type: 'tool-result' }>): {
    part: WirePart
    shown: Part[]
  } {
    const call = this.#calls.get(id)
    const parts: readonly Part[] = typeof output === 'string' ? [] : output
    const { shown } = separateMedia(parts.filter(isMedia))
    const inside: InResult[] = this.rules.mediaInResults ? shown.filter(isInResult) : []
    const media = inside.flatMap((one) => toInlinePart(one, this.leaveOut))
    const said = parts.flatMap((one) => ('text' in one && one.type !== 'reasoning' ? [one.text] : []))
    // The names of files have no field.
    const names = inside.flatMap((one) => (one.type === 'file' && one.name ? [`File ${one.name}`] : []))
    const text = typeof output === 'string' ? output : [...said, ...names].join('\n')
    return {
      part: {
        functionResponse: {
          ...(call?.id !== undefined && { id: call.id }),
          name: call?.name ?? name ?? id,
          response: { [isError ? 'error' : 'output']: text },
          ...(media.length > 0 && { parts: media }),
        },
      },
      shown: shown.filter((one) => !inside.some((other) => other === one)),
    }
  }

  /** The state of a part, if this host and model can read it. */
  #stateOf(part: Part): Record<string, unknown> | undefined {
    const { host = this.target.host, model = this.target.model } = part.opaque ?? {}
    const isReadable = host === this.target.host && model === this.target.model
    return isReadable ? stateOf(part, 'gemini') : undefined
  }
}

// ai.google.dev/gemini-api/docs/function-calling ("Multimodal function responses"), November 2026.
const typesInResults = new Set(['image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain'])

type InResult = Extract<Part, { type: 'image' | 'file' | 'audio' }>

function isInResult(part: Part): part is InResult {
  return 'data' in part && part.data !== undefined && typesInResults.has(part.mediaType)
}
