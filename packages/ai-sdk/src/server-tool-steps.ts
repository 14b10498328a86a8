// Blocks of server tools as calls and results, which the AI SDK shows as tools that the provider has run.
import type { JSONValue } from '@ai-sdk/provider'
import type { ProviderBlockPart, ServerToolUse } from '@patchbay/core'
import { asJson } from './hidden.js'

/** A call, or the result of one that stands before it. */
export type ServerToolStep =
  | { type: 'call'; id: string; name: string; input: unknown }
  | { type: 'result'; id: string; name: string; output: NonNullable<JSONValue>; isError: boolean }

/** The steps of one answer. Every result has its call before it, as the AI SDK demands. */
export class ServerToolSteps {
  readonly #calls: { id: string; ownId: string; name: string; isOpen: boolean }[] = []

  /** @param newId an id for a call that has none of its own */
  constructor(private readonly newId: () => string = () => crypto.randomUUID()) {}

  of({ tool }: ProviderBlockPart): ServerToolStep[] {
    if (tool === undefined) return []
    const { id: ownId, name, input, output, sources, isError = false } = tool
    const isResult = output !== undefined || sources !== undefined || isError
    // Services repeat the id of a call in its result; where there are no ids, a result belongs to the last open call of the tool.
    let call = this.#calls.findLast((one) =>
      ownId === '' ? input === undefined && one.isOpen && one.name === name : one.ownId === ownId,
    )
    const steps: ServerToolStep[] = []
    if (call === undefined) {
      call = { id: ownId || this.newId(), ownId, name, isOpen: true }
      this.#calls.push(call)
      steps.push({ type: 'call', id: call.id, name, input: input ?? {} })
    }
    if (!isResult || !call.isOpen) return steps
    call.isOpen = false
    return [...steps, { type: 'result', id: call.id, name: call.name, output: outputOf(tool), isError }]
  }

  /** Empty results for calls whose results the service keeps to itself: without one, a page would wait for it. */
  end(): ServerToolStep[] {
    const open = this.#calls.filter(({ isOpen }) => isOpen)
    for (const call of open) call.isOpen = false
    return open.map(({ id, name }) => ({ type: 'result', id, name, output: {}, isError: false }))
  }
}

function outputOf({ output, sources, isError }: ServerToolUse): NonNullable<JSONValue> {
  const json = output === undefined ? undefined : asJson(output)
  return json ?? (isError ? 'The tool failed.' : sources === undefined ? {} : (asJson({ sources }) ?? {}))
}
