// `mask` and files: text files are masked in every form, other media are refused.
import type { ChatRequest } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { type MaskOptions, mask } from '../../index.js'

describe('files', () => {
  const mail = 'ann@example.com'
  const bytes = (text: string) => new TextEncoder().encode(text)
  const zip = new Uint8Array([80, 75, 3, 4, 0, 200, 201, 255])
  const sentOf = async (part: object, options: MaskOptions = {}) => {
    const inner = mockProvider()
    const request = { messages: [{ role: 'user', content: [part] }] } as ChatRequest
    const error = await mask(inner, options)
      .chat(request)
      .catch((thrown) => thrown)
    return { error, content: inner.requests[0]?.messages[0]?.content[0] }
  }

  it.each([
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', zip],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', zip],
    ['text/plain', zip],
    ['text/plain', bytes([...mail].join('\0'))],
    ['application/pdf', bytes(mail)],
  ])('that are not text are refused, or sent unchanged: %s', async (mediaType, data) => {
    const part = { type: 'file', data, mediaType }
    expect((await sentOf(part)).error).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('documents'),
    })
    expect((await sentOf(part, { media: 'allow' })).content).toMatchObject({ data, mediaType })
  })

  it.each([
    'text/markdown',
    'text/plain; charset=utf-8',
    'application/json',
    'application/x-ndjson',
    'application/ld+json',
    'image/svg+xml',
  ])('of text are searched: %s', async (mediaType) => {
    const { content } = await sentOf({ type: 'file', data: bytes(`"${mail}"`), mediaType })
    expect(content).toMatchObject({ data: bytes('"[EMAIL_1]"') })
  })

  // Its base64 has a sign that is another one in addresses, and needs padding.
  const text = `>>>???${mail}`
  const base64 = btoa(text)
  const types = [
    'text/plain',
    'Text/Plain',
    ' text/plain ; charset=utf-8',
    'application/json',
    'image/svg+xml',
  ]
  const forms: [form: string, of: (mediaType: string) => object][] = [
    ['bytes', (mediaType) => ({ data: bytes(text), mediaType })],
    ['base64', (mediaType) => ({ data: base64, mediaType })],
    ['without padding', (mediaType) => ({ data: base64.replace(/=+$/, ''), mediaType })],
    ['as in addresses', (mediaType) => ({ data: base64.replace(/\+/g, '-').replace(/\//g, '_'), mediaType })],
    ['in lines', (mediaType) => ({ data: base64.replace(/.{8}/g, '$&\r\n'), mediaType })],
    ['a data URL', (mediaType) => ({ url: `data:${mediaType};base64,${base64}` })],
    ['a data URL in capitals', (mediaType) => ({ url: `DATA:${mediaType};BASE64,${base64}` })],
    ['a data URL of no type', (mediaType) => ({ url: `data:;base64,${base64}`, mediaType })],
    ['a data URL as data', (type) => ({ data: `data:${type};base64,${encodeURIComponent(base64)}` })],
  ]
  describe.each(['file', 'image', 'audio'])('of text, given as %s,', (type) => {
    it.each(forms)('are read in each form a request may have: %s', async (_, of) => {
      for (const media of ['refuse', 'allow'] as const)
        for (const mediaType of types) {
          const part = { type, name: `of ${mail}`, ...of(mediaType) }
          const { content, error } = await sentOf(part, { media })
          expect(error.code).toBeUndefined()
          expect(content).toMatchObject({
            type,
            data: bytes('>>>???[EMAIL_1]'),
            mediaType: expect.stringMatching(/^(text\/plain|application\/json|image\/svg\+xml)/),
          })
          expect(JSON.stringify(content)).not.toContain('example')
          const result = { type: 'tool-result', id: 'a', output: [part] }
          expect(JSON.stringify(await sentOf(result, { media }))).not.toContain(base64.slice(0, 8))
        }
    })

    it.each([
      '\t',
      ' ',
      '\n',
      '\u0001',
    ])('are not sent by a URL that only some parsers read as data: %j', async (odd) => {
      for (const url of [`${odd}data:text/plain;base64,${base64}`, `da${odd}ta:text/plain;base64,${base64}`])
        expect(await sentOf({ type, url, mediaType: 'text/plain' }, { media: 'allow' })).toMatchObject({
          error: { code: 'invalid-request' },
          content: undefined,
        })
    })
  })

  it.each([
    'text/plain',
    'application/pdf',
  ])('that cannot be read are reported with their position: %s', async (mediaType) => {
    for (const data of ['not base64!', 'AAAAA'])
      expect((await sentOf({ type: 'file', data, mediaType }, { media: 'allow' })).error).toMatchObject({
        code: 'invalid-request',
        message: expect.stringMatching(/messages\[0\]\.content\[0\]\.data must be bytes .* or base64 text/),
      })
  })
})
