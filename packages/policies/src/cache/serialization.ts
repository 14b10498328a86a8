// What is asked and answered as text and back: for keys, stores and cassettes.

import type { Provider } from '@patchbay/core'
import { preparedOf, requestOf } from '@patchbay/core/wrap'
import type { Answer, Incoming } from '../middleware/interception.js'

/** Who is asked. */
type Asked = Pick<Provider, 'provider' | 'defaults'>

const marks = ['$floats', '$bytes', '$object']

/** As JSON, bytes and vectors included. */
export function frozen(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, given) {
    // As it was before its own `toJSON`, which a Buffer has.
    const item = ArrayBuffer.isView(this[name]) ? this[name] : given
    if (item instanceof Float32Array)
      return { $floats: base64(new Uint8Array(item.buffer, item.byteOffset, item.byteLength)) }
    if (item instanceof Uint8Array) return { $bytes: base64(item) }
    // Somebody else's object that looks like one of these.
    if (isObject(item) && marks.some((mark) => Object.hasOwn(item, mark)))
      return { $object: Object.entries(item) }
    return item
  })
}

/** And back. */
export function thawed(text: string): unknown {
  return JSON.parse(text, (_, item) => {
    if (!isObject(item)) return item
    if (typeof item.$floats === 'string') return new Float32Array(bytes(item.$floats).buffer)
    if (typeof item.$bytes === 'string') return bytes(item.$bytes)
    if (Array.isArray(item.$object)) return Object.fromEntries(item.$object)
    return item
  })
}

/**
 * A key for a call: the same for all ways to write the same request, another one for anything that may change the answer.
 */
export async function keyOf(call: Incoming, who: Asked & { model: string }, scope = ''): Promise<string> {
  const { provider, model } = who
  const { headers = {}, metadata = {} } = call.options
  const said = {
    headers,
    tenant: metadata.tenant ?? '',
    request: await plain(call, who),
    ...beside(call, who),
  }
  const asked = { kind: call.kind, provider, model, scope, ...said }
  return hash(sorted(asked))
}

/** What the backend of this provider does not get, and others behind it, or what stands around it, may. */
export function beside(call: Incoming, who: Asked): object {
  if (call.kind !== 'chat' && call.kind !== 'countTokens') return {}
  const { onUnsupported, providerOptions = {} } = requestOf(call.request, who)
  const { [who.provider]: _, ...others } = providerOptions
  return {
    ...(onUnsupported === 'warn' && { onUnsupported }),
    ...(Object.keys(others).length > 0 && { others }),
  }
}

/** What is asked, without sugar. */
export function plain(call: Incoming, provider: Asked): unknown {
  switch (call.kind) {
    case 'chat':
    case 'countTokens':
      return preparedOf(call.request, provider)
    case 'embed': {
      const { request } = call
      const asked = typeof request === 'string' || Array.isArray(request) ? { input: request } : request
      return { ...asked, input: [asked.input].flat() }
    }
    default:
      return call.request
  }
}

/** SHA-256 in hexadecimal. */
export async function hash(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(frozen(value)))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The same value as JSON tells it, its keys in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value) || ArrayBuffer.isView(value)) return value
  // Dates, addresses and the like.
  if (typeof value.toJSON === 'function') return sorted(value.toJSON())
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}

/** Without what belongs to one call alone, or is made anew of the rest. */
export function kept(answer: Answer): Answer {
  if (typeof answer !== 'object' || !('message' in answer)) return answer
  const { output: _, cached: __, ...rest } = answer
  return rest
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const array = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) array[at] = text.charCodeAt(at)
  return array
}
