// Redaction of failures: what is removed, what is kept, and which objects are not copied.
import { describe, expect, it } from 'vitest'
import { growth } from '../../../test/growth.js'
import { LlmError } from '../../contract/errors.js'
import { redactor } from '../index.js'

const key = 'sk-live-0123456789'
const redact = redactor('https://host/v1', { authorization: `Bearer ${key}` })

describe('a failure without a secret', () => {
  it('stays the object it is, whatever it holds', () => {
    const cause = Object.assign(new Error('why'), {
      socket: { bytes: 5 },
      list: [1, { a: null }],
      at: new Date(),
    })
    Object.assign(cause, { itself: cause })
    for (const failure of [new LlmError('network', 'Gone.', { cause }), cause, 'text', 5, null, undefined])
      expect(redact(failure)).toBe(failure)
  })

  it('keeps words that are what people write in place of a key', () => {
    for (const apiKey of ['none', 'ollama', 'lm-studio', 'k']) {
      const words = `none of ollama, lm-studio and k ${apiKey}`
      expect(redactor('http://h', { authorization: `Bearer ${apiKey}` })(words)).toBe(words)
    }
    const vendor = {
      'user-agent': 'Anthropic/JS 1.2.3',
      'x-stainless-lang': 'javascript',
      accept: 'application/json',
    }
    const words = 'javascript, application/json, Anthropic/JS 1.2.3, version 2024-10-21'
    expect(redactor('http://h/?api-version=2024-10-21', vendor)(words)).toBe(words)
  })
})

describe('a failure with a secret', () => {
  it('is the same error without it: code, fields, cause, and what had arrived', () => {
    const partial = { text: `The model said ${key}` } as never
    const cause = Object.assign(new TypeError(`bad ${key}`), {
      code: 'E_BAD',
      headers: new Headers({ a: key }),
    })
    const failure = new LlmError('authentication', `No ${key}.`, {
      status: 401,
      provider: 'p',
      responseBody: `{"key":"${key}"}`,
      partial,
      cause,
    })
    const quiet = redact(failure)
    expect(quiet).not.toBe(failure)
    expect(quiet).toBeInstanceOf(LlmError)
    expect(quiet).toMatchObject({
      code: 'authentication',
      message: 'No ….',
      status: 401,
      provider: 'p',
      responseBody: '{"key":"…"}',
      partial,
      cause: { name: 'TypeError', message: 'bad …', code: 'E_BAD', headers: { a: '…' } },
    })
    expect(quiet.stack).toContain('redact.test')
    // The thrown object itself is not changed: it is not ours.
    expect(failure.message).toContain(key)
    expect(cause.message).toContain(key)
  })

  it('loses it in anything that holds it, and however that leads back to itself', () => {
    class Client {
      config = { url: new URL(`https://h/?k=${key}`), map: new Map([[key, 1]]), set: new Set([key]) }
      response = new Response('', { headers: { 'x-echo': key } })
      request = new Request('https://h/', { headers: { authorization: key } })
      self = this
    }
    const failure = Object.assign(new Error('x'), {
      client: new Client(),
      [Symbol('key')]: key,
      list: [[key]],
    })
    const seen = new Set<unknown>()
    const texts: string[] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return void texts.push(String(value))
      if (seen.has(value)) return
      seen.add(value)
      if (value instanceof Headers || value instanceof Map || value instanceof Set) walk([...value])
      if (value instanceof Request || value instanceof Response) walk([...value.headers])
      for (const name of Reflect.ownKeys(value)) walk((value as Record<string | symbol, unknown>)[name])
    }
    walk(redact(failure))
    expect(texts.join()).not.toContain(key)
    expect(texts.join()).toContain('…')
  })

  it.each([
    'pass',
    'p@ss wörd',
    'hunter2',
    'a"b\\c/d?e&f',
    '🦀🦀🦀🦀🦀',
  ])('loses the password %s, however it is spelled', (password) => {
    const url = new URL('https://host/v1')
    url.username = 'user'
    url.password = password
    const basic = { authorization: `Basic ${Buffer.from(`user:${password}`).toString('base64')}` }
    const inJson = JSON.stringify(password).slice(1, -1)
    for (const quiet of [redactor(url, {}), redactor(undefined, basic)])
      for (const spelled of [
        password,
        encodeURIComponent(password),
        inJson,
        JSON.stringify(inJson).slice(1, -1),
      ])
        expect(quiet(`It is "${spelled}".`)).toBe('It is "…".')
    expect(redactor(undefined, basic)(`It is "${basic.authorization}".`)).not.toContain(basic.authorization)
  })

  it('keeps the words of a header whose name speaks of no secret, and the name of a model', () => {
    const quiet = redactor('https://host/v1?deployment=production-traffic&access_key=abcd', {
      'x-purpose': 'production traffic',
      'x-route': 'claude-sonnet-4-5-20250929',
      'x-own': 'Zm9vYmFyMTIzNDU2Nzg5MA',
      'x-own-token': 'swordfish',
    })
    const words = 'No production traffic for claude-sonnet-4-5-20250929 by production-traffic.'
    expect(quiet(words)).toBe(words)
    expect(quiet('Zm9vYmFyMTIzNDU2Nzg5MA, swordfish, abcd')).toBe('…, …, …')
  })

  it('loses a short one only where it is a word of its own', () => {
    const quiet = redactor(undefined, { 'x-api-key': 'cats' })
    expect(quiet('cats, concats and "cats"')).toBe('…, concats and "…"')
  })

  it.each([
    key,
    '_key-of-mine',
    '/key/of/mine',
    '\\key\\of\\mine',
    '_\\\\\\\\\\_of_mine',
    '+ + + + of mine',
    'a  b + c + d',
    '0 1 2 3 4 5',
    '&#000;&amp;',
    '%5c%5c%5c%5c',
  ])('is done in time that grows with what a service says, where the key is %s', async (secret) => {
    const quiet = redactor('https://host/v1', { 'x-api-key': secret })
    const half = secret.slice(0, secret.length / 2)
    for (const piece of ['\\', '%5c', '+', ' ', '%20', '&#0', '0', half, `${half}\\\\`, `\\${half}…`])
      expect(await growth((n) => quiet(piece.repeat(n / 4))), piece).toBeLessThan(1.7)
  })

  it.each([
    '\\key\\of\\mine',
    '_a\\\\_b__c',
    'a  b + c + d',
    '/ key?of=mine&é',
  ])('loses %s, however deep in JSON, in a page or an address', (secret) => {
    const quiet = redactor('https://host/v1', { 'x-api-key': secret })
    const each = (form: (code: number) => string) =>
      secret.replace(/[^a-z]/gu, (one) => form(one.charCodeAt(0)))
    const page = each((code) => `&#${code};`)
    const codes = each((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    const spelled = [
      secret,
      page,
      codes,
      encodeURIComponent(secret),
      `${new URLSearchParams({ '': secret })}`.slice(1),
    ]
    for (let depth = 0, text = secret; depth < 4; depth++)
      spelled.push((text = JSON.stringify(text).slice(1, -1)))
    for (const text of spelled) {
      const said = quiet(`It is "${text}".`)
      expect(said).toContain('…')
      expect(said).not.toMatch(/key|mine|b__c|[abcd]\b(?! …)/)
    }
  })
})

it('takes texts that are secrets beside those of the headers', () => {
  const secret = 'tok/of"the"x'
  const quiet = redactor(undefined, { 'x-api-key': 'key-of-header' }, [secret, 'abc'])
  for (const text of [secret, 'tok%2Fof%22the%22x', btoa(secret), 'tok/of\\"the\\"x', 'key-of-header'])
    expect(quiet(`No ${text}, abc.`)).toBe('No …, abc.')
})
