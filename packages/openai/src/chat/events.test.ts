// Decoding of chat completions, in all dialects.
import { describe, expect, it } from 'vitest'
import { sse } from '../../test/server.js'
import { ask, calls, chunk, end, serve } from '../../test/wire.js'
import { openai } from '../index.js'

describe('a chat completion', () => {
  it.each<[string, (object | string)[], object[]]>([
    [
      'with everything in its first delta',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }), end('tool_calls')],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'in pieces',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        calls({ index: 0, function: { arguments: '{"x"' } }),
        calls({ index: 0, function: { arguments: ':1}' } }),
        end('tool_calls'),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'two, interleaved',
      [
        calls({ index: 0, id: 'a', function: { name: 'f' } }, { index: 1, id: 'b', function: { name: 'g' } }),
        calls({ index: 1, function: { arguments: '{"y":2}' } }),
        calls({ index: 0, function: { arguments: '{"x":1}' } }),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: { x: 1 } },
        { id: 'b', name: 'g', input: { y: 2 } },
      ],
    ],
    [
      'two that share an index',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        calls({ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: {} },
        { id: 'b', name: 'g', input: {} },
      ],
    ],
    [
      'without an index',
      [
        calls({ id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ function: { arguments: ':1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'with its id in every delta',
      [
        calls({ index: 5, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ index: 5, id: 'a', function: { arguments: ':1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'without an id',
      [calls({ index: 0, id: '', function: { name: 'f', arguments: '{}' } }), end()],
      [{ id: expect.stringMatching(/^call_/), name: 'f', input: {} }],
    ],
    [
      'whose name comes late',
      [
        calls({ index: 0, id: 'a', function: { arguments: '{"x":' } }),
        calls({ index: 0, function: { name: 'f', arguments: '1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'sent whole again after its pieces',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'without arguments, or null',
      [
        calls(
          { index: 0, id: 'a', function: { name: 'f' } },
          { index: 1, id: 'b', function: { name: 'g', arguments: 'null' } },
        ),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: {} },
        { id: 'b', name: 'g', input: {} },
      ],
    ],
    [
      'whose arguments are not JSON',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{x' } }), end()],
      [{ id: 'a', name: 'f', input: { $unparsed: '{x' } }],
    ],
    [
      'truncated by length',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"path":"/"}' } }), end('length')],
      [],
    ],
  ])('has tool calls %s', async (_, chunks, expected) => {
    const response = await (await ask(sse([...(chunks as Record<string, unknown>[]), '[DONE]']))).chat('x')
    expect(response.toolCalls).toEqual(expected)
    if (expected.length > 0) expect(response.finishReason).toBe('tool-calls')
  })

  it('has its text, reasoning, refusal, citations and usage, in any field', async () => {
    const cited = {
      type: 'url_citation',
      url_citation: { url: 'https://example.com', title: 'E', start_index: 0, end_index: 2 },
    }
    const response = await (
      await ask(
        sse([
          chunk({ role: '', reasoning_content: 'Hm' }),
          chunk({ reasoning_content: '.', content: 'Hi' }),
          { id: 'x', choices: [] },
          chunk({ content: null, annotations: [cited] }),
          end(),
          {
            choices: [],
            usage: {
              prompt_tokens: 5,
              completion_tokens: 2,
              prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 1 },
              completion_tokens_details: { reasoning_tokens: 9 },
            },
          },
          '[DONE]',
        ]),
      )
    ).chat('x')
    expect(response).toMatchObject({
      text: 'Hi',
      reasoning: 'Hm.',
      finishReason: 'stop',
      id: 'chatcmpl_1',
      requestId: 'req_1',
      model: 'gpt-x-1',
    })
    expect(response.usage).toEqual({
      inputTokens: 5,
      outputTokens: 2,
      cachedInputTokens: 3,
      cacheWriteTokens: 1,
      reasoningTokens: 2,
    })
    expect(response.message.content).toEqual([
      {
        type: 'reasoning',
        text: 'Hm.',
        opaque: {
          provider: 'openai',
          host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          data: { field: 'reasoning_content' },
        },
      },
      { type: 'text', text: 'Hi', citations: [{ url: 'https://example.com', title: 'E', start: 0, end: 2 }] },
    ])
    expect(
      await (await ask(sse([chunk({ refusal: 'I ' }), chunk({ refusal: 'cannot.' }), end(), '[DONE]']))).chat(
        'x',
      ),
    ).toMatchObject({
      finishReason: 'refusal',
      message: { content: [{ type: 'refusal', text: 'I cannot.' }] },
    })
    expect(
      await (
        await ask(
          sse([
            chunk({ reasoning: 'A' }),
            chunk({ reasoning_details: [{ text: 'B' }] }),
            chunk({
              content: [
                { type: 'thinking', thinking: [{ text: 'C' }] },
                { type: 'text', text: 'D' },
              ],
            }),
            end('eos'),
          ]),
        )
      ).chat('x'),
    ).toMatchObject({ reasoning: 'ABC', text: 'D', finishReason: 'stop' })
    expect(
      (
        await (
          await ask(
            sse([
              chunk({ content: 'a' }),
              { ...end(), x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } },
            ]),
          )
        ).chat('x')
      ).usage,
    ).toEqual({ inputTokens: 1, outputTokens: 2 })
  })

  it('sends reasoning back in its field while tools are used', async () => {
    const server = await serve(
      sse([
        chunk({ reasoning_content: 'Hm.' }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        end('tool_calls'),
        '[DONE]',
      ]),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url })
    const { message } = await provider.chat('x')
    await provider.chat([
      'x',
      message,
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: 'y' }] },
    ])
    expect(server.requests[1]?.json).toMatchObject({
      messages: [
        {},
        { role: 'assistant', content: null, reasoning_content: 'Hm.', tool_calls: [{ id: 'a' }] },
        { role: 'tool' },
      ],
    })
  })

  it('ignores fields of a wrong type', async () => {
    const odd = {
      content: [null, 'x', { type: 'text', text: 'Hi.' }],
      annotations: [null, { url_citation: null }],
      reasoning_details: {},
      tool_calls: {},
    }
    const { text, toolCalls } = await (
      await ask(sse([chunk(odd), chunk({ annotations: 5 }), end(), '[DONE]']))
    ).chat('Hi')
    expect([text, toolCalls]).toEqual(['Hi.', []])
  })
})
