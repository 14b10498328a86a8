// Calls in the forms of specification v4, as AI SDK 7 hands them to a v3 model; sdk-7.test.ts has them from that SDK itself.
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider'
import type { Part, Reasoning } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { warningsOf, ways } from '../../test/calls.js'
import { languageModel } from '../index.js'

const asV3 = (call: object) => call as LanguageModelV3CallOptions
const prompt = (role: 'user' | 'assistant' | 'tool', ...content: object[]) =>
  asV3({ prompt: [{ role, content }] })
const result = (...value: object[]) =>
  asV3({
    prompt: [
      ...prompt('assistant', { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }).prompt,
      ...prompt('tool', {
        ...{ type: 'tool-result', toolCallId: 'c', toolName: 'f' },
        output: { type: 'content', value },
      }).prompt,
    ],
  })
const web = (name: string) => new URL(`https://example.com/${name}`)

describe.each(ways)('a call in the forms of specification v4: %s', (way) => {
  it.each<[string, Reasoning | undefined]>([
    ['provider-default', undefined],
    ['none', 'off'],
    ['minimal', 'minimal'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'max'],
    ['max', 'max'],
  ])('asks for as much reasoning as it says: %s', async (reasoning, expected) => {
    const inner = mockProvider()
    const call = asV3({ ...prompt('user', { type: 'text', text: 'x' }), reasoning })
    expect(await warningsOf(way, languageModel(inner), call)).toEqual([])
    expect(inner.requests[0]?.reasoning).toBe(expected)
  })

  it.each([
    'extreme',
    'constructor',
    '__proto__',
  ])('warns of a level that does not exist: %s', async (reasoning) => {
    const inner = mockProvider()
    const call = asV3({ ...prompt('user', { type: 'text', text: 'x' }), reasoning })
    expect(await warningsOf(way, languageModel(inner), call)).toEqual(['reasoning'])
    expect(inner.requests[0]?.reasoning).toBeUndefined()
  })

  const text = new TextEncoder().encode('Hi.')
  it.each<[what: string, part: object, expected: Part]>([
    [
      'an image by its address',
      { type: 'file', data: { type: 'url', url: web('a') }, mediaType: 'image' },
      { type: 'image', url: 'https://example.com/a' },
    ],
    [
      'an image by its address, half converted',
      { type: 'file', data: web('a'), mediaType: 'image' },
      { type: 'image', url: 'https://example.com/a' },
    ],
    [
      'an image by its bytes',
      { type: 'file', data: { type: 'data', data: 'iVBORw0KGgo=' }, mediaType: 'image' },
      { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
    ],
    [
      'a document as text',
      { type: 'file', data: { type: 'text', text: 'Hi.' }, mediaType: 'text', filename: 'a.txt' },
      { type: 'file', data: text, mediaType: 'text/plain', name: 'a.txt' },
    ],
  ])('has %s', async (_, part, expected) => {
    const inner = mockProvider()
    expect(await warningsOf(way, languageModel(inner), prompt('user', part))).toEqual([])
    expect(inner.requests[0]?.messages[0]?.content).toEqual([expected])
  })

  it.each<[what: string, piece: object, expected: Part]>([
    [
      'an image by its address',
      { type: 'file', data: { type: 'url', url: web('a') }, mediaType: 'image' },
      { type: 'image', url: 'https://example.com/a' },
    ],
    [
      'an image by its address, whose media type AI SDK 7 leaves out',
      { type: 'file-url', url: 'https://example.com/a.PNG?size=1' },
      { type: 'image', url: 'https://example.com/a.PNG?size=1' },
    ],
    [
      'a file by its address, whose media type AI SDK 7 leaves out',
      { type: 'file-url', url: 'https://example.com/a.pdf' },
      { type: 'file', url: 'https://example.com/a.pdf' },
    ],
    [
      'an image by its bytes',
      { type: 'file', data: { type: 'data', data: 'AQID' }, mediaType: 'image/png' },
      { type: 'image', data: 'AQID', mediaType: 'image/png' },
    ],
    [
      'a document as text',
      { type: 'file', data: { type: 'text', text: 'Hi.' }, mediaType: 'text' },
      { type: 'file', data: text, mediaType: 'text/plain' },
    ],
  ])('has %s in the result of a tool', async (_, piece, expected) => {
    const inner = mockProvider()
    expect(await warningsOf(way, languageModel(inner), result(piece))).toEqual([])
    expect(inner.requests[0]?.messages[1]?.content).toEqual([
      { type: 'tool-result', id: 'c', name: 'f', output: [expected] },
    ])
  })

  it('names what has no place here', async () => {
    const model = languageModel(mockProvider())
    const odd = prompt(
      'assistant',
      { type: 'text', text: 'x' },
      { type: 'custom', kind: 'a.b' },
      { type: 'reasoning-file', data: { type: 'data', data: 'AQID' }, mediaType: 'image/png' },
    )
    expect(await warningsOf(way, model, odd)).toEqual(['custom', 'reasoning-file'])
    const file = { type: 'file', data: { type: 'reference', reference: { openai: 'f' } }, mediaType: 'image' }
    await expect(warningsOf(way, model, prompt('user', file))).rejects.toThrow('by reference')
  })
})
