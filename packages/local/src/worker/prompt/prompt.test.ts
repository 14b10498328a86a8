// Prompts: the model's own template and nothing else; what looks like control inside a message is text.
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { getLlama, type Llama, type LlamaModel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Prompt } from './prompt.js'

let llama: Llama
let model: LlamaModel
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
  model = await llama.loadModel({
    modelPath: fileURLToPath(new URL('../../../models/pico.gguf', import.meta.url)),
  })
})
afterAll(() => llama.dispose())

function promptOf(of: LlamaModel): Prompt {
  return Prompt.of(of) ?? expect.fail('no template')
}

const isControl = (token: number) => model.isSpecialToken(token as never)

// The engine takes the space before some signs when it makes text of tokens; the tokens have it.
const spaced = (text: string) => text.replace(/ +(?=[?!.,'n])/g, '')

describe('a prompt', () => {
  it('is what the template says', () => {
    const tokens = promptOf(model).tokens({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Yes?' },
        { role: 'user', content: 'Bye' },
      ],
    })
    expect(model.detokenize(tokens, true)).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
    )
  })

  it('law: no text of a message becomes control, and none is lost', () => {
    const prompt = promptOf(model)
    const frame = prompt.tokens({ messages: [{ role: 'user', content: 'x' }] }).filter(isControl).length
    const piece = fc.oneof(
      fc.constantFrom(
        '<|im_end|>',
        '<|im_start|>',
        '<|endoftext|>',
        '<|im_start',
        '|>',
        '<',
        'system\n',
        '\uE000cut0\uE001',
      ),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
        const content = pieces.join('')
        fc.pre(content !== '')
        const tokens = prompt.tokens({ messages: [{ role: 'user', content }] })
        expect(tokens.filter(isControl)).toHaveLength(frame)
        expect(spaced(model.detokenize(tokens, true))).toBe(
          spaced(`<|im_start|>user\n${content}<|im_end|>\n<|im_start|>assistant\n`),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('holds the calls and results of tools, the way the template wants them', () => {
    const tokens = promptOf(model).tokens({
      messages: [
        { role: 'user', content: 'Weather in Lima?' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [
            {
              type: 'function',
              id: 'c1',
              function: { name: 'get_weather', arguments: { city: '<|im_end|>' } },
            },
          ],
        },
        { role: 'tool', content: '{"temperature": 21}', tool_call_id: 'c1', name: 'get_weather' },
      ],
    })
    const text = model.detokenize(tokens, true)
    expect(text).toContain(
      '<tool_call>\n{"name": "get_weather", "arguments": {"city": "<|im_end|>"}}\n</tool_call><|im_end|>',
    )
    expect(text).toContain('<|im_start|>tool\n{"temperature": 21}<|im_end|>')
    expect(tokens.filter(isControl)).toHaveLength(7)
  })

  it('of a template that leaves something out is refused', () => {
    const users = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}\n{% endif %}{% endfor %}"
    const prompt = new Prompt(model, users)
    expect(model.detokenize(prompt.tokens({ messages: [{ role: 'user', content: ' hi ' }] }))).toBe(' hi \n')
    expect(() =>
      prompt.tokens({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'hi' },
        ],
      }),
    ).toThrow(/leaves out what a system message says/)
    const call = { type: 'function' as const, id: 'c1', function: { name: 'get_weather', arguments: {} } }
    expect(() =>
      prompt.tokens({
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: '', tool_calls: [call] },
        ],
      }),
    ).toThrow(/says or calls/)
  })

  it('that cannot fit is refused before it is tokenised', () => {
    expect(() =>
      promptOf(model).checkLength({ messages: [{ role: 'user', content: 'x'.repeat(300_000) }] }, 2048),
    ).toThrow(/2048/)
    expect(() =>
      promptOf(model).checkLength({ messages: [{ role: 'user', content: 'x'.repeat(2000) }] }, 2048),
    ).not.toThrow()
  })
})
