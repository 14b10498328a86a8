// LangChain chat models as providers: answers, errors and requests.
import { AIMessageChunk } from '@langchain/core/messages'
import type { LlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { playing } from '../../test/scripted-chat-model.js'
import { langchain } from '../index.js'

describe('a chat model of LangChain as a provider', () => {
  it('streams, and says what it used', async () => {
    const usage_metadata = { input_tokens: 5, output_tokens: 2, total_tokens: 7 }
    const last = Object.assign(
      new AIMessageChunk({ content: '', response_metadata: { finish_reason: 'length' } }),
      { usage_metadata },
    )
    const provider = langchain(playing([new AIMessageChunk('One '), new AIMessageChunk('two'), last]), {
      model: 'played',
    })
    const response = await provider.chat('x')
    expect(response).toMatchObject({
      text: 'One two',
      model: 'played',
      finishReason: 'length',
      usage: { inputTokens: 5, outputTokens: 2 },
    })
  })

  it('gets all that a conversation holds, or a warning names it', async () => {
    let prompt = ''
    const model = playing([new AIMessageChunk('x')])
    const { stream } = model
    model.stream = (input, options) => {
      prompt = JSON.stringify(input)
      return stream.call(model, input, options)
    }
    const { warnings } = await langchain(model).chat({
      messages: [
        { role: 'user', content: 'Hi.', cache: true },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'So.', citations: [{ title: 'T' }] },
            { type: 'provider-block', kind: 'search', opaque: { provider: 'else', data: {} } },
            { type: 'tool-result', id: 'own', name: 'search', output: 'found it' },
            { type: 'tool-call', id: 'a', name: 'f', input: {} },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              id: 'a',
              isError: true,
              output: [
                { type: 'text', text: 'it broke' },
                { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'report.pdf' },
              ],
            },
          ],
        },
      ],
    })
    for (const words of ['found it', '"status":"error"', 'it broke', 'report.pdf'])
      expect(prompt).toContain(words)
    expect(warnings.map(({ feature }) => feature)).toEqual(['cache', 'citations', 'provider-block'])
  })

  it('refuses what LangChain has no word for', async () => {
    const provider = langchain(playing([new AIMessageChunk('x')]))
    await expect(provider.chat({ messages: 'x', temperature: 0 })).rejects.toMatchObject({
      code: 'unsupported',
    })
    await expect(provider.embed('x')).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('says what the service said, of a failure of whatever form, and asks once', async () => {
    const words = `prompt is too long: 5 tokens > 3 maximum ${'x'.repeat(300)} sk-a-key-of-somebody`
    const bare = (message: string, more: object) => Object.assign(new Error(message), more)
    const told = {
      'an error of a client': bare('400', { status: 400, error: { message: words } }),
      'an overflow by its code': bare('No', {
        status: 400,
        error: { message: words, code: 'context_length_exceeded' },
      }),
      "LangChain's own": bare(`${words}\n\nTroubleshooting URL: https://x`, {
        cause: bare(words, { status: 400 }),
      }),
      "Ollama's": bare(words, { status_code: 400, name: 'ResponseError' }),
    }
    for (const failure of Object.values(told)) {
      const model = Object.assign(playing([]), { apiKey: 'sk-a-key-of-somebody' })
      const asked: unknown[] = []
      model.stream = (_, options) => {
        asked.push(options?.maxRetries)
        return Promise.reject(failure)
      }
      const error: LlmError = await langchain(model)
        .chat('x')
        .catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'context-length', status: 400, retryable: false })
      expect(error.responseBody).toContain('x'.repeat(300))
      expect(JSON.stringify(error) + error.stack).not.toContain('sk-a-key')
      expect(asked).toEqual([0])
    }
    const model = playing([])
    model.stream = () =>
      Promise.reject(new TypeError('fetch failed', { cause: bare('', { code: 'ECONNRESET' }) }))
    await expect(langchain(model, { retry: false }).chat('x')).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNRESET'),
    })
  })

  it('knows a status', async () => {
    const model = playing([])
    model.stream = () => Promise.reject(Object.assign(new Error('No'), { status: 401 }))
    await expect(langchain(model, { retry: false }).chat('x')).rejects.toMatchObject({
      code: 'authentication',
      status: 401,
    })
  })
})
