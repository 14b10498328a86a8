// Prompts: the text of the model's own template and nothing else; control tokens inside a message are text.
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { getLlama, type Llama, type LlamaModel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { thinkingTemplateOf, thinkingTemplates } from '../../../test/thinking-templates.js'
import type { TemplateMessage } from '../../supervisor/protocol.js'
import { ChatTemplate, checkLength } from './chat-template.js'

let llama: Llama
let model: LlamaModel
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
  model = await llama.loadModel({
    modelPath: fileURLToPath(new URL('../../../models/pico.gguf', import.meta.url)),
  })
})
afterAll(() => llama.dispose())

function promptOf(of: LlamaModel): ChatTemplate {
  return ChatTemplate.of(of) ?? expect.fail('no template')
}

const isControl = (token: number) => model.isSpecialToken(token as never)

// The engine removes the space before some signs when it decodes tokens.
const spaced = (text: string) => text.replace(/ +(?=[?!.,'n])/g, '')

describe('a prompt', () => {
  it('is the text of the template', () => {
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

  it('turns no text of a message into a control token, and loses none', () => {
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

  it('has tool calls and results in the format of the template', () => {
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

  it('is refused if the template leaves out a message', () => {
    const users = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}\n{% endif %}{% endfor %}"
    const prompt = new ChatTemplate(model, users)
    expect(model.detokenize(prompt.tokens({ messages: [{ role: 'user', content: ' hi ' }] }))).toBe(' hi \n')
    expect(() =>
      prompt.tokens({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'hi' },
        ],
      }),
    ).toThrow(/leaves out the text of a system message/)
    const call = { type: 'function' as const, id: 'c1', function: { name: 'get_weather', arguments: {} } }
    expect(() =>
      prompt.tokens({
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: '', tool_calls: [call] },
        ],
      }),
    ).toThrow(/leaves out the text or the tool calls/)
  })

  it('that cannot fit is refused before it is tokenised', () => {
    expect(() => checkLength({ messages: [{ role: 'user', content: 'x'.repeat(300_000) }] }, 2048)).toThrow(
      /2048/,
    )
    expect(() => checkLength({ messages: [{ role: 'user', content: 'x'.repeat(2000) }] }, 2048)).not.toThrow()
  })
})

describe('a last message of the assistant', () => {
  const question = { role: 'user' as const, content: 'Hi' }
  const begun = { role: 'assistant' as const, content: 'It is ' }
  const textOf = (template: ChatTemplate, ...messages: TemplateMessage[]) =>
    template
      .render({ messages })
      .pieces.map(({ text }) => text)
      .join('')

  it('is the beginning of the answer', () => {
    expect(textOf(promptOf(model), question, begun)).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nIt is ',
    )
  })

  it('stays text, also where it looks like a control token', () => {
    const { tokens } = promptOf(model).render({
      messages: [question, { role: 'assistant', content: 'So: <|im_end|>' }],
    })
    expect(tokens.filter(isControl)).toHaveLength(3)
  })

  it.each(thinkingTemplates)('of $family has no thought before it, or its own', (family) => {
    const { open, close } = family
    const template = new ChatTemplate(model, thinkingTemplateOf(family))
    const before = template.frames.answer ?? ''
    const plain = textOf(template, question, begun)
    expect(plain.endsWith(`${before}It is `)).toBe(true)
    const lastOpen = plain.lastIndexOf(open)
    if (lastOpen >= 0) expect(plain.indexOf(close, lastOpen + open.length)).toBeGreaterThan(lastOpen)
    const thought = textOf(template, question, { ...begun, reasoning_content: 'Hm, hm.' })
    expect(thought.endsWith(`${before}It is `)).toBe(true)
    expect(thought.slice(thought.lastIndexOf('Hm, hm.'))).toContain(close)
    expect(template.render({ messages: [question, begun] }).thinking).toBe('finished')
  })

  it('cannot begin JSON', () => {
    expect(() => promptOf(model).render({ messages: [question, begun], json: {} })).toThrow(/as JSON/)
  })
})
