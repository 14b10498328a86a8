// Log-probabilities in both APIs and in the dialects of other servers: what is sent, what is read, and what is missed.
import type { ChatEvent, TokenLogprob } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, bodyOf, chunk, completed, created, end, failureOf } from '../test/wire.js'
import type { PresetName } from './presets.js'

const wire = (token: string, bytes: number[] | null = null) => ({
  ...{ token, logprob: -0.5, bytes },
  top_logprobs: [{ token, logprob: -0.5, bytes }],
})
const likely = (...tokens: string[]) => ({ logprobs: { content: tokens.map((token) => wire(token)) } })
const tokensOf = (logprobs: readonly TokenLogprob[] = []) => logprobs.map(({ token }) => token)
const request = { messages: 'Hi.', logprobs: 1 }

async function streamed(answer: Parameters<typeof ask>[0], options: Parameters<typeof ask>[1] = {}) {
  const stream = (await ask(answer, options)).stream(request)
  const texts: [text: string, tokens: string[]][] = []
  for await (const event of stream as AsyncIterable<ChatEvent>)
    if (event.type === 'text') texts.push([event.text, tokensOf(event.logprobs)])
  return { texts, response: await stream.response() }
}

describe('a request', () => {
  it.each<[PresetName, object]>([
    ['compatible', { logprobs: true, top_logprobs: 3 }],
    ['openrouter', { logprobs: true, top_logprobs: 3 }],
    ['together', { logprobs: 3 }],
  ])('asks %s in its own way', async (preset, fields) => {
    expect(await bodyOf({ messages: 'Hi.', logprobs: 3 }, { preset, api: 'chat' })).toMatchObject(fields)
  })

  it('asks the Responses API for the alternatives and to include them', async () => {
    const body = await bodyOf({ messages: 'Hi.', logprobs: true }, { model: 'gpt-4o', api: 'responses' })
    expect(body).toMatchObject({ top_logprobs: 0, include: ['message.output_text.logprobs'] })
  })

  it.each<[model: string, preset: PresetName]>([
    ['gpt-5', 'openai'],
    ['o3', 'openai'],
    ['gpt-5.6-sol', 'openai'],
    ['mistral-large', 'mistral'],
    ['llama-3.3', 'groq'],
    ['gemini-3-pro', 'google'],
  ])('to %s at %s is refused before it is sent, or goes without', async (model, preset) => {
    const answer = sse([chunk({ content: 'ok' }), end(), '[DONE]'])
    const provider = await ask(answer, { model, preset, api: 'chat' })
    expect((await failureOf(provider.chat(request))).code).toBe('unsupported')
    const { warnings } = await provider.chat({ ...request, onUnsupported: 'warn' })
    expect(warnings.map(({ feature }) => feature)).toEqual(['logprobs'])
  })

  it('with tools gets no stream from llama-server, which refuses one', async () => {
    const tools = [{ name: 'look', input: { type: 'object', properties: {} } }]
    const options = { preset: 'llama.cpp', api: 'chat' } as const
    expect(await bodyOf({ messages: 'Hi.', logprobs: true, tools }, options)).toMatchObject({ stream: false })
    expect(await bodyOf({ messages: 'Hi.', tools }, options)).toMatchObject({ stream: true })
  })
})

describe('an answer of Chat Completions', () => {
  it('has them with the text they belong to; a part of a character waits for the rest', async () => {
    const answer = sse([
      chunk({ content: 'Hé' }, likely('H', 'é')),
      chunk({ content: '' }, likely('\uFFFD')),
      chunk({ content: '🦀' }, likely('\uFFFD')),
      chunk({ content: '' }, likely('!')),
      end(),
      '[DONE]',
    ])
    const { texts, response } = await streamed(answer, { api: 'chat' })
    expect(texts).toEqual([
      ['Hé', ['H', 'é']],
      ['🦀', ['\uFFFD', '\uFFFD']],
    ])
    expect(tokensOf(response.logprobs)).toEqual(['H', 'é', '\uFFFD', '\uFFFD', '!'])
    expect(response.logprobs?.[0]).toEqual({
      token: 'H',
      logprob: -0.5,
      top: [{ token: 'H', logprob: -0.5 }],
    })
  })

  it('has none of reasoning and of calls', async () => {
    const call = { index: 0, id: 'c', function: { name: 'look', arguments: '{}' } }
    const answer = sse([
      chunk({ reasoning_content: 'Hm.' }, likely('Hm', '.')),
      chunk({ content: 'Yes.' }, likely('Yes.')),
      chunk({ tool_calls: [call] }, likely('look')),
      end('tool_calls'),
      '[DONE]',
    ])
    const { response } = await streamed(answer, { api: 'chat' })
    expect(tokensOf(response.logprobs)).toEqual(['Yes.'])
  })

  it.each([
    ["OpenAI's", likely('Yes', '.')],
    ["Together's", { logprobs: { tokens: ['Yes', '.'], token_logprobs: [-0.5, -0.25] } }],
  ])('in one piece has them in %s form', async (_, more) => {
    const message = { role: 'assistant', content: 'Yes.' }
    const whole = json({ id: 'x', choices: [{ index: 0, message, finish_reason: 'stop', ...more }] })
    const provider = await ask(whole, { api: 'chat' })
    const { logprobs, warnings } = await provider.chat({ ...request, maxOutputTokens: 10 })
    expect(tokensOf(logprobs)).toEqual(['Yes', '.'])
    expect(warnings).toEqual([])
  })

  it('without them has a warning that says so', async () => {
    const { response } = await streamed(sse([chunk({ content: 'Yes.' }), end(), '[DONE]']), { api: 'chat' })
    expect(response.warnings).toMatchObject([{ code: 'unsupported', feature: 'logprobs' }])
  })
})

describe('an answer of the Responses API', () => {
  const item = { type: 'message', id: 'm1', role: 'assistant' }
  const delta = (text: string, ...tokens: string[]) => ({
    ...{ type: 'response.output_text.delta', item_id: 'm1', output_index: 0, delta: text },
    logprobs: tokens.map((token) => wire(token, [65])),
  })
  const done = (text: string, ...tokens: string[]) => ({
    ...{ type: 'response.output_item.done', output_index: 0 },
    item: {
      ...item,
      content: [{ type: 'output_text', text, annotations: [], logprobs: tokens.map((token) => wire(token)) }],
    },
  })

  it.each([
    ['in its deltas', [delta('Ye', 'Ye'), delta('s', 's'), done('Yes', 'Ye', 's')]],
    ['at the end of its text', [delta('Ye'), delta('s'), done('Yes', 'Ye', 's')]],
    ['without deltas', [done('Yes', 'Ye', 's')]],
  ])('has them once, where they come %s', async (_, events) => {
    const { response } = await streamed(sse([created, ...events, completed()]), {
      model: 'gpt-4o',
      api: 'responses',
    })
    expect(response.text).toBe('Yes')
    expect(tokensOf(response.logprobs)).toEqual(['Ye', 's'])
    expect(response.warnings).toEqual([])
  })
})
