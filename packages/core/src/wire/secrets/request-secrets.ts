// Finds the secrets in a request's headers and address, and the spellings in which each may be repeated.
import { decodePercent } from '../http/percent-decoding.js'
import { toBase64 } from '../http/platform.js'

/** Headers in any form that `fetch` takes. */
export type HeaderFields = RequestInit['headers']

export const secretName = /auth|key|token|secret|cookie|pass|cred|session|sign|^sig$|^code$/i
// Headers of the vendors' clients and of HTTP itself that hold no secrets.
export const openHeader =
  /^(accept.*|content-.*|user-agent|connection|host|referer|http-referer|origin|traceparent|tracestate|x-title|x-stainless-.*|anthropic-(version|beta|dangerous.*)|openai-beta)$/i
const openParameter = /version|^alt$|^beta$|^stream$/i
// Placeholder keys for servers that need none; removing these words would only garble messages.
const standIns = new Set(
  'none null undefined test dummy fake empty EMPTY ollama lm-studio no-key not-needed sk-no-key-required'.split(
    ' ',
  ),
)
const shortest = 4
// Shorter secrets are removed only as whole words.
export const longEnough = 8

/** A secret, and a pattern for all its spellings. */
export interface Secret {
  form: string
  pattern: RegExp
}

/** The secrets of a request, longest first, since one may be part of another. */
export function secretsOf(url: string | URL | undefined, headers: HeaderFields): Secret[] {
  return [...new Set([...headerSecrets(headers), ...addressSecrets(url)].flatMap(formsOf))]
    .sort((one, other) => other.length - one.length)
    .map((form) => ({ form, pattern: patternOf(form) }))
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

/** The entries of headers in any form, invalid ones included. */
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
  const userinfo = [password, decodePercent(password), password === '' ? username : '']
  return [...userinfo.filter((part) => isSecret(part, true)), ...parameters.map(([, value]) => value)]
}

/** Under a secret-sounding name, any text; otherwise only random-looking text, which words and model names are not. */
function isSecret(text: string, named: boolean): boolean {
  return text.length >= shortest && !standIns.has(text) && (named || looksRandom(text))
}

/**
 * Has it a run of sixteen letters and digits, with both among them? Or at least sixteen characters without spaces, with
 * letters, digits and signs that model names do not have?
 */
function looksRandom(text: string): boolean {
  const hasBoth = (run: string) => /\d/.test(run) && /[A-Za-z]/.test(run)
  if (text.match(/[A-Za-z0-9]{16,}/g)?.some(hasBoth)) return true
  return text.length >= 16 && hasBoth(text) && !/\s/.test(text) && /[^\w.:-]/.test(text)
}

function after(text: string, mark: string): string {
  return text.slice(text.indexOf(mark) + 1)
}

/** The user and password of basic authentication. */
function decoded(basic: string): string[] {
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(basic), (c) => c.charCodeAt(0)))
    return [pair, after(pair, ':')]
  } catch {
    return []
  }
}

/** A secret, as it is and as HTTP encodes it. */
function formsOf(secret: string): string[] {
  const base64 = toBase64(new TextEncoder().encode(secret)).replace(/={1,2}$/, '')
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_')
  return secret.length < longEnough ? [secret] : [secret.trim(), base64, urlSafe, escaped(secret)]
}

/**
 * A pattern for every spelling: plain, URL-encoded, in JSON at any depth, in HTML, on one line. It matches in linear time,
 * since a server knows the key and may repeat half of it as often as it likes.
 */
function patternOf(form: string): RegExp {
  const spelled =
    form
      .match(/\\+|[\s+]+|[\s\S]/gu)
      ?.map(spellings)
      .join('') ?? ''
  // A short secret inside a longer word is a coincidence.
  return form.length >= longEnough
    ? new RegExp(spelled, 'gu')
    : new RegExp(`(?<![\\p{L}\\p{N}])${spelled}(?![\\p{L}\\p{N}])`, 'gu')
}

const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

/** The spellings of a piece: one character, or a run of backslashes or blanks, whose number may change. */
function spellings(piece: string, at: number): string {
  if (/^[A-Za-z0-9]$/.test(piece)) return piece
  const one = `(?:${[...new Set(piece)].map(spellingsOf).join('|')})`
  // Begins only at the first of several backslashes, which keeps the time linear.
  if (at === 0) return `(?<!\\\\)${one}`
  return piece.length > 1 || /[\s+\\]/.test(piece) ? `${one}{1,${16 * piece.length}}` : one
}

function spellingsOf(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const hex = point.toString(16)
  const coded = `${anyCase(escaped(character))}|&(?:${entities[character] ?? 'amp'}|#0*${point}|#[xX]0*${anyCase(hex)});`
  const units = Array.from({ length: character.length }, (_, unit) => character.charCodeAt(unit))
  const inJson = units.map((unit) => `u${anyCase(unit.toString(16).padStart(4, '0'))}`).join('\\\\+')
  // Takes all backslashes at once: their number depends on the depth in JSON.
  if (character === '\\') return `\\\\+(?!\\\\)(?:${inJson})?|${coded}`
  const plain = /\s/.test(character) ? '\\s|\\+' : `\\u{${hex}}`
  return `\\\\*(?:${plain}|${inJson}|${coded})`
}

function escaped(text: string): string {
  // `encodeURIComponent` throws for lone surrogates.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '')).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  )
}

/** A pattern for hexadecimal digits in either case. */
function anyCase(text: string): string {
  return text.replace(/[a-f]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)
}
