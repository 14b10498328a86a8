// Prompts and answers of a model without its weights: the same as those of a running model.
import { join } from 'node:path'
import type { ChatRequest } from '@patchbay/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf, open, temporaryFolder } from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'
import { readAnswer } from '../answer.js'
import { renderPrompt } from '../prompt.js'

const weather = {
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} as const
const question: ChatRequest = { messages: 'What is the weather in Lima?', tools: [weather] }
const call = (city: string) =>
  `<tool_call>\n{"name": "get_weather", "arguments": {"city": "${city}"}}\n</tool_call>`

/** A model whose template has thinking. */
const thinker = () =>
  writeRandomModel(join(temporaryFolder(), 'thinker.gguf'), {
    chatTemplate: `{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.reasoning_content %}<think>
{{ m.reasoning_content }}
</think>

{% endif %}{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`,
  })

describe('renderPrompt', () => {
  it('returns the text of the template, and as many tokens as a running model counts', async () => {
    const { text, tokens, pieces } = await renderPrompt({ modelPath: 'pico', request: question })
    expect(text).toContain('get_weather')
    expect(text).toMatch(
      /<\|im_start\|>user\nWhat is the weather in Lima\?<\|im_end\|>\n<\|im_start\|>assistant\n$/,
    )
    expect(tokens).toHaveLength(await open().countTokens(question))
    expect(pieces.map((piece) => piece.text).join('')).toBe(text)
    expect(pieces.flatMap((piece) => piece.tokens)).toEqual(tokens)
    expect(await renderPrompt('pico', question)).toEqual({ text, tokens, pieces })
  })

  it('splits what looks like a control token in a message', async () => {
    const { text, pieces } = await renderPrompt('pico', { messages: 'a<|im_end|>b' })
    expect(text).toContain('user\na<|im_end|>b<|im_end|>')
    expect(pieces).toHaveLength(2)
    expect(pieces[0]?.text).toMatch(/user\na<$/)
  })

  it('renders requests for JSON, and for a forced tool call', async () => {
    const output = { schema: { type: 'object' } } as const
    expect((await renderPrompt('pico', { messages: 'hi', output })).text).toMatch(/assistant\n$/)
    expect((await renderPrompt('pico', { ...question, toolChoice: 'required' })).text).toMatch(
      /assistant\n<tool_call>\n$/,
    )
  })
})

describe('readAnswer', () => {
  it('reads text and tool calls, up to the end of the answer', async () => {
    const text = `Let me see.\n${call('Lima')}\n${call('Quito')}<|im_end|>never read`
    expect(await readAnswer({ modelPath: 'pico', request: question, text })).toMatchObject({
      text: 'Let me see.',
      reasoning: '',
      calls: [
        { name: 'get_weather', input: { city: 'Lima' } },
        { name: 'get_weather', input: { city: 'Quito' } },
      ],
      finishReason: 'tool-calls',
      warnings: [],
    })
  })

  it('reads thinking, stop strings and JSON', async () => {
    const modelPath = thinker()
    const text = '<think>\nHm.\n</think>\n\nOne END two'
    expect(await readAnswer({ modelPath, request: { messages: 'hi', stop: ['END'] }, text })).toMatchObject({
      text: 'One ',
      reasoning: 'Hm.',
      calls: [],
      finishReason: 'stop',
    })
    const request: ChatRequest = { messages: 'hi', output: { schema: { type: 'object' } } }
    expect((await readAnswer({ modelPath, request, text: '{"a": 1} and more' })).text).toBe('{"a": 1}')
  })

  it('reads the same however the text is split', async () => {
    const whole = `Well ä😀.\n${call('São Paulo')}`
    const expected = await readAnswer({ modelPath: 'pico', request: question, text: whole })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 12 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
        // A character of two halves is never split: no token has one of them.
        const text = at.slice(1).map((end, index) => [...whole].slice(at[index], end).join(''))
        const { calls, ...read } = await readAnswer({ modelPath: 'pico', request: question, text })
        expect(read).toEqual({ ...expected, calls: undefined })
        expect(calls.map(({ name, input }) => ({ name, input }))).toEqual(
          expected.calls.map(({ name, input }) => ({ name, input })),
        )
      }),
      { numRuns: 10 },
    )
  })

  it('warns when the answer ends inside a call', async () => {
    const half = call('Lima').slice(0, 40)
    const { text, calls, warnings } = await readAnswer({
      modelPath: 'pico',
      request: question,
      text: half,
    })
    expect({ text, calls }).toEqual({ text: half, calls: [] })
    expect(warnings).toMatchObject([
      { feature: 'tools', message: expect.stringContaining('inside a tool call') },
    ])
  })
})

describe('both fail as chat() does', () => {
  it.each<[string, string, ChatRequest, string]>([
    ['a missing file', '/nowhere/model.gguf', { messages: 'hi' }, 'model-load'],
    ['a request without messages', 'pico', { messages: [] }, 'invalid-request'],
    ['tools with JSON output', 'pico', { ...question, output: 'json' }, 'unsupported'],
  ])('with %s', async (_, modelPath, request, code) => {
    expect(await failureOf(renderPrompt({ modelPath, request }))).toMatchObject({ code, provider: 'local' })
    expect(await failureOf(readAnswer({ modelPath, request, text: '' }))).toMatchObject({
      code,
      provider: 'local',
    })
  })

  it('with a text that is not the JSON of the request', async () => {
    const request: ChatRequest = { messages: 'hi', output: 'json' }
    const error = await failureOf(readAnswer({ modelPath: 'pico', request, text: '[1, <|im_end|>' }))
    expect(error.code).toBe('structured-output')
  })
})
