// Media in every form that callers use, and how long checking them takes.
import { describe, expect, it } from 'vitest'
import { growth } from '../../test/growth.js'
import { isLlmError } from '../contract/errors.js'
import { prepare } from './prepare.js'

async function partOf(part: object): Promise<unknown> {
  const { chat } = await prepare(
    ['a', { role: 'user', content: [{ type: 'text', text: 'b' }, part as never] }],
    {},
    'p',
  )
  return chat.messages[1]?.content[1]
}

async function refusal(part: object): Promise<string> {
  const error: unknown = await partOf(part).catch((thrown: unknown) => thrown)
  if (!isLlmError(error, 'invalid-request')) return `no refusal, but ${String(error)}`
  return error.message
}

describe('base64', () => {
  it.each([
    ['in the common form', 'AQI=', 'AQI='],
    ['without its padding', 'AQI', 'AQI='],
    ['with too little padding', 'AQ=', 'AQ=='],
    ['with padding that is not needed', 'AQID=', 'AQID'],
    ['in the alphabet of addresses', '_-_-', '/+/+'],
    ['in lines', 'AQID\r\nBAUG\n', 'AQIDBAUG'],
    ['with spaces around', ' AQI= \n', 'AQI='],
    ['as a data URL', 'data:image/x;base64,AQI', 'AQI='],
    ['as a data URL in capitals, with parameters', 'DATA:image/x;a=b;BASE64,AQI=', 'AQI='],
    ['as a data URL that is escaped', 'data:image/x;base64,AQI%3D', 'AQI='],
  ])('%s is sent in the common form', async (_, data, sent) => {
    expect(await partOf({ type: 'image', data, mediaType: 'image/x' })).toEqual({
      type: 'image',
      data: sent,
      mediaType: 'image/x',
    })
  })

  it.each([
    'A',
    'AQIDB',
    '=',
    '==',
    'AQ==AQ==',
    'AQI===',
    `AQI=${' '.repeat(2000)}`,
    `data:image/x;base64,A${'='.repeat(2000)}`,
    'AQ!D',
    'AQ😀D',
    ' \n',
    'data:image/x;base64,A',
    'data:image/x;base64,%',
    'data:image/x;base64,data:image/x;base64,AQID',
    'data:image/x,AQID',
    'data:',
    'data:a;',
  ])('that is none is refused with its place: %j', async (data) => {
    expect(await refusal({ type: 'image', data, mediaType: 'image/x' })).toMatch(
      /^messages\[1\]\.content\[1\]\.data (is not (a )?valid|must be a data URL)/,
    )
    if (data.startsWith('data:'))
      expect(await refusal({ type: 'file', url: data })).toMatch(/^messages\[1\]\.content\[1\]\.url /)
  })

  it('of twenty megabytes is looked through in short pieces of time', { timeout: 60_000 }, async () => {
    const data = Buffer.alloc(20 * 1024 * 1024, 'some bytes').toString('base64')
    let turns = 0
    const counted = setInterval(() => turns++)
    expect(await partOf({ type: 'image', data, mediaType: 'image/png' })).toMatchObject({ data })
    clearInterval(counted)
    // Other work ran many times in between.
    expect(turns).toBeGreaterThan(5)
  })
})

describe('a media type', () => {
  it.each([
    ['image', 'IMAGE/PNG', 'image/png'],
    ['image', 'image/png; charset=binary', 'image/png'],
    ['file', 'text/plain;charset=UTF-8', 'text/plain'],
    ['audio', 'audio/L16;rate=24000', 'audio/l16;rate=24000'],
  ])('of %s is read as people write it: %s', async (type, mediaType, sent) => {
    expect(await partOf({ type, data: 'AQID', mediaType })).toMatchObject({ mediaType: sent })
  })

  it.each([
    '',
    'png',
    'image/',
    '/png',
    'image/png/x',
    5,
    null,
    {},
    'x'.repeat(2000),
    'text/plain;charset=latin1',
  ])('that is none, or that the service could not read, is refused: %j', async (mediaType) => {
    expect(await refusal({ type: 'file', data: 'AQID', mediaType })).toMatch(
      /^messages\[1\]\.content\[1\]\.mediaType /,
    )
  })
})

describe('looking at media takes time in step with their length', { timeout: 60_000 }, () => {
  it.each<[string, (n: number) => object]>([
    ['a data URL of many equals signs', (n) => ({ data: `data:a;${'='.repeat(n)}` })],
    ['a data URL of many parameters', (n) => ({ data: `data:a/b${';a=b'.repeat(n)},` })],
    ['data URLs in data URLs', (n) => ({ data: 'data:a/b;base64,'.repeat(n) })],
    ['a data URL of many commas', (n) => ({ url: `data:a/b;base64${','.repeat(n)}` })],
    ['base64 of many spaces', (n) => ({ data: `A${' '.repeat(n)}!` })],
    ['base64 of many line ends', (n) => ({ data: '\n'.repeat(n) })],
    ['base64 of padding', (n) => ({ data: `AAAA${'='.repeat(n)}` })],
    ['base64 of padding and spaces', (n) => ({ data: `AAAA${'= '.repeat(n)}!` })],
    ['base64 of lines', (n) => ({ data: 'AAAA\n'.repeat(n) })],
    ['a media type of many slashes', (n) => ({ data: 'AAAA', mediaType: '/'.repeat(n) })],
    ['a media type of many spaces', (n) => ({ data: 'AAAA', mediaType: `a/b;${' '.repeat(n)}x` })],
    ['an address', (n) => ({ url: `https://example.com/${'%'.repeat(n)}` })],
  ])('%s', async (_, make) => {
    const look = (n: number) => partOf({ type: 'image', mediaType: 'image/png', ...make(n) }).catch(() => {})
    expect(await growth(look)).toBeLessThan(1.7)
  })
})
