// `mask` with many values and large requests.
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { mask } from '../../index.js'

const asText = (value: unknown) => JSON.stringify(value)

describe('many values with the same beginning are all masked', () => {
  const issuer =
    'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjIwMjYtMTEifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUi'
  const long = 'the project that nobody may hear of, whose name goes on and on and on, with its number: '
  it.each<[string, number, (index: number) => string]>([
    ['tokens of one issuer', 100, (index) => `${issuer}${index}.signature-${index}`],
    ['words', 1000, (index) => `${long}<${index}>`],
    ['words that are the beginning of others', 100, (index) => `${long}${'a'.repeat(index)}`],
    ['words of one step and a sign more', 3, (index) => 'b'.repeat(63 + index)],
  ])('%s', async (_, count, make) => {
    const values = Array.from({ length: count }, (__, index) => make(index))
    const inner = mockProvider()
    const text = values.map((value) => `(${value})`).join(' ')
    const answer = await mask(inner, { also: { WORD: values } }).chat(text)
    const sent = asText(inner.requests)
    for (const value of values) expect(sent).not.toContain(value)
    expect(new Set(sent.match(/\[[A-Z]+_\d+\]/g)).size).toBe(count)
    expect(answer.text).toBe(text)
  })

  it('detected tokens are masked beside them', async () => {
    const tokens = Array.from({ length: 100 }, (_, index) => `${issuer}${index}.signature-${index}`)
    const inner = mockProvider()
    await mask(inner).chat(tokens.join('\n'))
    expect(asText(inner.requests)).not.toContain('signature')
  })
})

describe('large requests', () => {
  const sent = async (text: string) => {
    const inner = mockProvider()
    await mask(inner).chat(text)
    return asText(inner.requests)
  }

  it.each([
    ['a log', (n: number) => `${'[2026-11-27 10:00:01] GET /health [12ms]\n'.repeat(n / 40)}%[end]`],
    ['a value of Python', (n: number) => `[{'note': '%', 'more': '${'x'.repeat(n)}'}]`],
    ['JSON', (n: number) => `{"note":"%","more":["${'x'.repeat(n)}"]}`],
  ])('are masked if they begin and end like JSON: %s', async (_, make) => {
    for (const length of [200, 300_000, 2_100_000]) {
      const secrets = 'Mail john.doe@example.com. Card 4111 1111 1111 1111. Tel. +49 30 901820-55.'
      const text = await sent(make(length).replace('%', secrets))
      expect(text).not.toMatch(/john\.doe|4111|901820/)
      expect(text).toContain('Mail [EMAIL_1]. Card [CARD_1]. Tel. [PHONE_1].')
    }
  })

  it('are sent as they were at the call, whatever the caller changes later', async () => {
    const inner = mockProvider()
    const part = { type: 'text' as const, text: 'The first.' }
    const long = Array.from({ length: 400 }, () => 'word '.repeat(3000))
    const messages = [...long, { role: 'user' as const, content: [part] }]
    const answered = mask(inner).chat({ messages })
    const changing = setInterval(() => {
      part.text = 'Mail bob@example.com'
      messages.push('Mail carol@example.com')
    }, 5)
    await answered
    clearInterval(changing)
    expect(messages.length).toBeGreaterThan(long.length + 1)
    expect(asText(inner.requests)).toContain('The first.')
    expect(asText(inner.requests)).not.toMatch(/bob@|carol@/)
  })
})
