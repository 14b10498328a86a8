// Tool calls of chat completions: joined from pieces, which servers number and name in many ways.
import type { BackendEvent } from '@patchbay/core'
import { CallIds, callField, fieldsOf, objectsIn, parseInput } from '@patchbay/core/wire'
import { type Origin, opaqueOf } from '../state.js'

type Emit = (event: BackendEvent) => void

interface WireCall {
  index?: number
  id?: string | null
  function?: { name?: string | null; arguments?: unknown }
  /** Google's: the thought signature. */
  extra_content?: unknown
}

/** A tool call that is being received. */
interface OpenCall {
  index: number | undefined
  /** The service's id. */
  id: string | undefined
  /** The unique id in our events, set when the call is announced. */
  ownId: string
  name: string
  json: string
  announced: boolean
  extra: unknown
}

/** Collects the calls of one answer. */
export class ToolCalls {
  readonly #all: OpenCall[] = []
  /** The latest call of each index and id. */
  readonly #byIndex = new Map<number, OpenCall>()
  readonly #byId = new Map<string, OpenCall>()
  readonly #ids = new CallIds()

  /** Takes the pieces of a delta, or the calls of a whole message. */
  take(pieces: unknown, isWhole: boolean, emit: Emit): void {
    for (const [position, piece] of objectsIn(pieces).entries())
      this.#take(piece, isWhole ? position : undefined, emit)
  }

  /**
   * Passes the completed calls to `emit`.
   * @param isCut whether the answer was cut: a call may be truncated then, even if its JSON parses. The response then has a warning.
   *   `'maybe'`: a call is truncated if its JSON does not parse
   * @throws {LlmError} `bad-response` for a call without a name
   */
  end(isCut: boolean | 'maybe', from: Origin, emit: Emit): void {
    for (const call of this.#all) {
      const truncated = isCut === 'maybe' ? !parses(call.json) : isCut
      if (!truncated) callField('name', call.name)
      if (call.name !== '') this.#announce(call, true, emit)
      if (truncated) continue
      emit({
        type: 'tool-call',
        id: call.ownId,
        name: call.name,
        input: parseInput(call.json),
        ...(call.extra !== undefined && { opaque: opaqueOf(from, { extra_content: call.extra }) }),
      })
    }
  }

  #take(
    { index, id: given, function: called, extra_content: extra }: WireCall,
    position: number | undefined,
    emit: Emit,
  ): void {
    const { name, arguments: input } = fieldsOf(called)
    const id = given ? String(given) : undefined
    const json =
      typeof input === 'string' ? input : input === undefined || input === null ? '' : JSON.stringify(input)
    const known = this.#known(position ?? index, id)
    // Some servers repeat the whole call after its pieces; others give the next call the same id and index.
    const again = known !== undefined && !!name && json.startsWith('{') && isWhole(known.json)
    if (again && json === known.json && name === known.name) return
    const call = known === undefined || again ? this.#open(position ?? index, id) : known
    if (id !== undefined && call.id === undefined) {
      call.id = id
      this.#byId.set(id, call)
    }
    if (typeof name === 'string' && name !== '' && !call.announced && !call.name.endsWith(name))
      call.name += name
    call.json += json
    call.extra ??= extra ?? undefined
    if (json === '' || (!call.announced && call.name === '')) return
    const before = call.announced
    this.#announce(call, false, emit)
    emit({ type: 'tool-call-delta', id: call.ownId, json: before ? json : call.json })
  }

  /** The call that a piece belongs to, by index and id. Servers omit either, or reuse one for another call. */
  #known(index: number | undefined, id: string | undefined): OpenCall | undefined {
    if (index === undefined && id === undefined) return this.#all.at(-1)
    const there = index === undefined ? undefined : this.#byIndex.get(index)
    if (there !== undefined && (id === undefined || there.id === undefined || there.id === id)) return there
    const named = id === undefined ? undefined : this.#byId.get(id)
    // The same id at another index is another call.
    return named !== undefined && (index === undefined || named.index === undefined) ? named : undefined
  }

  #open(index: number | undefined, id: string | undefined): OpenCall {
    const call = { index, id, ownId: '', name: '', json: '', announced: false, extra: undefined }
    this.#all.push(call)
    if (index !== undefined) this.#byIndex.set(index, call)
    if (id !== undefined) this.#byId.set(id, call)
    return call
  }

  #announce(call: OpenCall, whole: boolean, emit: Emit): void {
    if (call.announced) return
    call.ownId = this.#ids.unique(call.id ?? `call_${crypto.randomUUID()}`)
    call.announced = true
    emit({ type: 'tool-call-start', id: call.ownId, name: call.name })
    if (whole && call.json !== '') emit({ type: 'tool-call-delta', id: call.ownId, json: call.json })
  }
}

function parses(json: string): boolean {
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}

/** Whether it is a whole JSON object. Called for every piece with a name, so the last character is checked first. */
function isWhole(json: string): boolean {
  return json.at(-1) === '}' && parses(json)
}
