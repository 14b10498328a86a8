// Secrets of a request, taken out of whatever failed of it: messages, causes, stacks, bodies, in every form they come back in.
import { defined } from '../defined.js'
import { type ErrorDetails, isLlmError, LlmError } from '../errors.js'
import { toBase64 } from './platform.js'

/** Gives a failure back without the secrets; the same object where it holds none. */
export type Redact = <Failure>(failure: Failure) => Failure

/** Headers in any form that `fetch` takes. */
export type HeaderFields = RequestInit['headers']

const secretName = /auth|key|token|secret|cookie|pass|cred|session|sign|^sig$|^code$/i
// What the vendors' clients and HTTP itself say of a request. Every other header's value may be a secret.
const openHeader =
  /^(accept.*|content-.*|user-agent|connection|host|referer|http-referer|origin|traceparent|tracestate|x-title|x-stainless-.*|anthropic-(version|beta|dangerous.*)|openai-beta)$/i
const openParameter = /version|^alt$|^beta$|^stream$/i
// What people write where a server needs no key; taking these words out of a message would only garble it.
const standIns = new Set(
  'none null undefined test dummy fake empty EMPTY ollama lm-studio no-key not-needed sk-no-key-required'.split(
    ' ',
  ),
)
const shortest = 4
// Shorter secrets are taken out where they stand as words; longer ones wherever they stand.
const longEnough = 8

/** What takes the secrets of this request (its headers, its address) out of a failure. */
export function redactor(url: string | URL | undefined, headers: HeaderFields): Redact {
  // Most requests do not fail: nothing is looked for before that.
  let secrets: Secret[] | undefined
  return (failure) => {
    secrets ??= [...new Set([...headerSecrets(headers), ...addressSecrets(url)].flatMap(formsOf))]
      // A key may be a part of another one.
      .sort((one, other) => other.length - one.length)
      .map((form) => ({ form, pattern: patternOf(form) }))
    if (secrets.length === 0) return failure
    const copy = new Copy(secrets, false).of(failure)
    // A copy must not lead back to what it was made of.
    return copy === failure ? failure : new Copy(secrets, true).of(failure)
  }
}

interface Secret {
  form: string
  pattern: RegExp
}

function headerSecrets(headers: HeaderFields): string[] {
  return entriesOf(headers).flatMap(([name, value]) => {
    if (openHeader.test(name)) return []
    const parts = [value, ...value.split(/[\s;,]+/), ...value.split(/;\s*/).map((pair) => after(pair, '='))]
    const basic = /^basic\s+(\S+)/i.exec(value)?.[1]
    if (basic !== undefined) parts.push(...decoded(basic))
    return parts.filter((part) => isSecret(part, secretName.test(name)) && !/^(bearer|basic)$/i.test(part))
  })
}

/** The entries of headers, whatever form they have: also of such that no header may have. */
export function entriesOf(headers: HeaderFields): [name: string, value: string][] {
  const pairs: Iterable<[string, unknown]> =
    headers === undefined
      ? []
      : Symbol.iterator in headers
        ? (headers as Iterable<[string, unknown]>)
        : Object.entries(headers)
  return [...pairs].map(([name, value]) => [String(name), String(value)])
}

function addressSecrets(url: string | URL | undefined): string[] {
  if (url === undefined || !URL.canParse(String(url))) return []
  const { username, password, searchParams } = new URL(String(url))
  const parameters = [...searchParams].filter(
    ([name, value]) => !openParameter.test(name) && isSecret(value, secretName.test(name)),
  )
  const userinfo = [password, unescaped(password), password === '' ? username : '']
  return [...userinfo.filter((part) => isSecret(part, true)), ...parameters.map(([, value]) => value)]
}

function isSecret(text: string, named: boolean): boolean {
  return text.length >= (named ? shortest : longEnough) && !standIns.has(text)
}

function after(text: string, mark: string): string {
  return text.slice(text.indexOf(mark) + 1)
}

/** A user and a password, from the base64 they go in. */
function decoded(basic: string): string[] {
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(basic), (c) => c.charCodeAt(0)))
    return [pair, after(pair, ':')]
  } catch {
    return []
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A secret, and what HTTP makes of it. */
function formsOf(secret: string): string[] {
  const base64 = toBase64(new TextEncoder().encode(secret)).replace(/=+$/, '')
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_')
  return secret.length < longEnough ? [secret] : [secret.trim(), base64, urlSafe, escaped(secret)]
}

/** A form as it may be spelled: as it is, in an address, in JSON however deep, in a page, on one line. */
function patternOf(form: string): RegExp {
  const spelled = Array.from(form, spellings).join('')
  // Where a short one is a part of a word, the word is another one.
  return form.length >= longEnough
    ? new RegExp(spelled, 'gu')
    : new RegExp(`(?<![\\p{L}\\p{N}])${spelled}(?![\\p{L}\\p{N}])`, 'gu')
}

const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

function spellings(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character
  const point = character.codePointAt(0) ?? 0
  const hex = point.toString(16)
  const plain = character === ' ' ? '(?:\\s+|\\+)' : `\\\\*\\u{${hex}}`
  const entity = `&(?:${entities[character] ?? 'amp'}|#0*${point}|#[xX]0*${anyCase(hex)});`
  return `(?:${plain}|${anyCase(escaped(character))}|\\\\+u${anyCase(hex.padStart(4, '0'))}|${entity})`
}

function escaped(text: string): string {
  // Half a character has no place in an address.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '')).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  )
}

/** Letters of hexadecimal numbers in either case, as a part of a pattern. */
function anyCase(text: string): string {
  return text.replace(/[a-f]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)
}

// An error may hold anything, sockets and whole clients too. What is beyond these is left out.
const deepest = 12
const mostObjects = 2000
const leftOut = '…'

/** One copy of a failure: what holds no secret stays the object it is. */
class Copy {
  readonly #seen = new Map<object, unknown>()

  constructor(
    private readonly secrets: Secret[],
    /** Are references back to what is being copied left out? */
    private readonly cutting: boolean,
  ) {}

  of<Value>(value: Value): Value {
    return this.#of(value, 0) as Value
  }

  #of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    if (this.#seen.has(value)) return this.#seen.get(value)
    if (depth > deepest || this.#seen.size > mostObjects) return leftOut
    this.#seen.set(value, this.cutting ? leftOut : value)
    const copy = this.#object(value, depth + 1)
    this.#seen.set(value, copy)
    return copy
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#error(value, depth)
    if (Array.isArray(value))
      return this.#changed(value, [...value.entries()], depth, (all) => all.map(([, one]) => one))
    if (value instanceof URL) return this.#text(value.href) === value.href ? value : this.#text(value.href)
    if (value instanceof Request || value instanceof Response)
      return this.#changed(value, Object.entries({ url: value.url, headers: value.headers }), depth)
    const entries =
      value instanceof Headers || value instanceof Map || value instanceof URLSearchParams
        ? [...(value as Iterable<[unknown, unknown]>)]
        : value instanceof Set
          ? [...value].entries()
          : ownFields(value)
    return this.#changed(value, [...entries], depth)
  }

  /** The value itself where nothing in it changed; otherwise what `make` makes of its entries. */
  #changed(
    value: object,
    entries: [unknown, unknown][],
    depth: number,
    make: (entries: [unknown, unknown][]) => unknown = Object.fromEntries,
  ): unknown {
    const copies = entries.map(([key, one]): [unknown, unknown] => [
      typeof key === 'string' ? this.#text(key) : key,
      this.#of(one, depth),
    ])
    const same = copies.every(([key, one], at) => key === entries[at]?.[0] && one === entries[at]?.[1])
    return same ? value : make(copies)
  }

  #error(error: Error, depth: number): Error {
    // What had arrived is the answer's, and the conversation is the caller's.
    const { partial, messages, ...rest } = Object.fromEntries(ownFields(error)) as Record<string, unknown>
    const fields: Record<string, unknown> = {
      ...rest,
      name: error.name,
      message: error.message,
      stack: error.stack,
      ...('cause' in error && { cause: error.cause }),
      ...(error instanceof AggregateError && { errors: error.errors }),
    }
    const copies = this.#changed(fields, ownFields(fields), depth) as Record<string, unknown>
    if (copies === fields) return error
    const { name, message, stack, code, cause, ...more } = copies
    const details = { ...more, partial, messages, cause } as ErrorDetails
    const copy = isLlmError(error)
      ? new LlmError(error.code, String(message), details)
      : Object.assign(
          new Error(String(message), 'cause' in error ? { cause } : undefined),
          more,
          defined({ name, code }),
        )
    return Object.defineProperty(copy, 'stack', { value: stack, writable: true, configurable: true })
  }

  #text(text: string): string {
    let said = text
    for (const { form, pattern } of this.secrets) said = withoutCut(said.replace(pattern, leftOut), form)
    return said
  }
}

/** The own fields of an object by their names, symbols too, without those that run code. */
function ownFields(value: object): [string | symbol, unknown][] {
  return Reflect.ownKeys(value).flatMap((key): [string | symbol, unknown][] => {
    const property = Object.getOwnPropertyDescriptor(value, key)
    return property !== undefined && 'value' in property ? [[key, property.value]] : []
  })
}

// A text that is cut short may end in the middle of a secret.
const shortestCut = 6
const mostCuts = 16

function withoutCut(text: string, form: string): string {
  if (form.length < longEnough) return text
  let said = text
  for (
    let end = said.length, cuts = 0;
    end > 0 && cuts < mostCuts;
    end = said.lastIndexOf(leftOut, end - 1), cuts++
  )
    for (let length = Math.min(form.length - 1, end); length >= shortestCut; length--)
      if (said.startsWith(form.slice(0, length), end - length)) {
        const rest = said.slice(end)
        said = said.slice(0, end - length) + (rest.startsWith(leftOut) ? rest : leftOut + rest)
        end -= length
        break
      }
  return said
}
