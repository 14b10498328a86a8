// Which texts of a request are secrets (in its headers, its address), and how each may be spelled where it comes back.
import { toBase64 } from './platform.js'

/** Headers in any form that `fetch` takes. */
export type HeaderFields = RequestInit['headers']

export const secretName = /auth|key|token|secret|cookie|pass|cred|session|sign|^sig$|^code$/i
// What the vendors' clients and HTTP itself say of a request.
export const openHeader =
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
export const longEnough = 8

/** A secret as one text, and as whatever it may be spelled like. */
export interface Secret {
  form: string
  pattern: RegExp
}

/** The secrets of a request, longest first: a key may be a part of another one. */
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

/** Under a name that says so any text is one; under another what looks random: words and names of models do not. */
function isSecret(text: string, named: boolean): boolean {
  return text.length >= shortest && !standIns.has(text) && (named || looksRandom(text))
}

/**
 * Has it sixteen letters and digits in a row, both among them? Or is it as long as that, in one piece, with both and with signs
 * that names of models and the like do not have?
 */
function looksRandom(text: string): boolean {
  const hasBoth = (run: string) => /\d/.test(run) && /[A-Za-z]/.test(run)
  if (text.match(/[A-Za-z0-9]{16,}/g)?.some(hasBoth)) return true
  return text.length >= 16 && hasBoth(text) && !/\s/.test(text) && /[^\w.:-]/.test(text)
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
  const base64 = toBase64(new TextEncoder().encode(secret)).replace(/={1,2}$/, '')
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_')
  return secret.length < longEnough ? [secret] : [secret.trim(), base64, urlSafe, escaped(secret)]
}

/**
 * A form as it may be spelled: as it is, in an address, in JSON however deep, in a page, on one line. Time grows with the
 * text it is looked for in: a server knows the key, and may repeat the half of it as often as it likes.
 */
function patternOf(form: string): RegExp {
  const spelled =
    form
      .match(/\\+|[\s+]+|[\s\S]/gu)
      ?.map(spellings)
      .join('') ?? ''
  // Where a short one is a part of a word, the word is another one.
  return form.length >= longEnough
    ? new RegExp(spelled, 'gu')
    : new RegExp(`(?<![\\p{L}\\p{N}])${spelled}(?![\\p{L}\\p{N}])`, 'gu')
}

const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

/** A piece of a form: one character, or a run of backslashes or of blanks, whose number nobody keeps. */
function spellings(piece: string, at: number): string {
  if (/^[A-Za-z0-9]$/.test(piece)) return piece
  const one = `(?:${[...new Set(piece)].map(spellingsOf).join('|')})`
  // Only the first backslash of many is a beginning: another would look at the same ones again.
  if (at === 0) return `(?<!\\\\)${one}`
  return piece.length > 1 || /[\s+\\]/.test(piece) ? `${one}{1,${16 * piece.length}}` : one
}

function spellingsOf(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const hex = point.toString(16)
  const coded = `${anyCase(escaped(character))}|&(?:${entities[character] ?? 'amp'}|#0*${point}|#[xX]0*${anyCase(hex)});`
  const units = Array.from({ length: character.length }, (_, unit) => character.charCodeAt(unit))
  const inJson = units.map((unit) => `u${anyCase(unit.toString(16).padStart(4, '0'))}`).join('\\\\+')
  // All backslashes that are there at once: how many there are says how deep in JSON it stands.
  if (character === '\\') return `\\\\+(?!\\\\)(?:${inJson})?|${coded}`
  const plain = /\s/.test(character) ? '\\s|\\+' : `\\u{${hex}}`
  return `\\\\*(?:${plain}|${inJson}|${coded})`
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
