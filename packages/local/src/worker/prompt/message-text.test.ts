// Text of messages is never control: on vocabularies of all kinds, whatever type their files give the tokens.
import { join } from 'node:path'
import fc from 'fast-check'
import { getLlama, type Llama, type LlamaModel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/fixtures.js'
import { type RandomModel, writeRandomModel } from '../../../test/random-model.js'
import type { PromptRequest } from '../../supervisor/protocol.js'
import { ChatTemplate } from './chat-template.js'

let llama: Llama
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
})
afterAll(() => llama.dispose())

const template = `{% for t in tools or [] %}{{ t | tojson }}
{% endfor %}{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>
{% endif %}{{ m.content }}{% for c in m.tool_calls or [] %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`
const signs = ['<tool_call>', '</tool_call>', '<think>', '</think>']
const channels = ['<|start|>', '<|message|>', '<|end|>', '<|channel|>', '<|return|>', '<|call|>']
/** `normal`: a text without what the tokeniser adds to it, or does not keep. */
const vocabularies: [string, RandomModel, normal: (text: string) => string][] = [
  [
    'byte-level BPE',
    { controlTokens: [...channels, '<s>'], userTokens: [...signs, '<|looks|>', '<b>', '    '] },
    spaced,
  ],
  ['SentencePiece', { vocabulary: 'spm', controlTokens: ['</s>', ...channels], userTokens: signs }, spaced],
  [
    'WordPiece',
    { vocabulary: 'wpm', controlTokens: ['[SEP]', '[MASK]', ...channels], userTokens: signs },
    // Neither spaces, nor upper case, nor characters that it does not know.
    (text) =>
      text
        .replaceAll('[UNK]', '')
        .replaceAll(/[\s\ue000]/g, '')
        .toLowerCase(),
  ],
]

/** Without the spaces that the engine removes before some signs, or adds at the start and after control tokens (SentencePiece). */
function spaced(text: string): string {
  const signsOfTokens = /(<\|?\/?\w+\|?>) /g
  return text
    .replace(signsOfTokens, '$1')
    .replace(/ +(?=[?!.,'n])/g, '')
    .trimStart()
}

/** A conversation with this text in every place where a caller's or a tool's text can be. */
function everywhere(text: string): PromptRequest {
  const parameters = { type: 'object', properties: { [`key${text}`]: { type: 'string', description: text } } }
  return {
    messages: [
      { role: 'system', content: `a${text}` },
      { role: 'user', content: `a${text}b` },
      {
        role: 'assistant',
        content: `a${text}`,
        reasoning_content: `a${text}b`,
        tool_calls: [
          { type: 'function', id: 'c1', function: { name: 'look', arguments: { [`key${text}`]: text } } },
        ],
      },
      { role: 'tool', content: `a${text}`, tool_call_id: 'c1', name: 'look' },
    ],
    tools: [{ type: 'function', function: { name: 'look', description: `a${text}b`, parameters } }],
  }
}

describe.each(vocabularies)('on %s', (_, shape, normal) => {
  const load = async (): Promise<LlamaModel> =>
    llama.loadModel({
      modelPath: writeRandomModel(join(temporaryFolder(), 'model.gguf'), {
        ...shape,
        chatTemplate: template,
      }),
      vocabOnly: true,
    })

  it('no text becomes a token that frames messages, and none is changed', async () => {
    const model = await load()
    const prompt = new ChatTemplate(model, template)
    const { controlTokens = [], userTokens = [] } = shape
    const guarded = [
      ...controlTokens,
      ...userTokens.filter((text) => !['<b>', '    '].includes(text)),
      '<|im_end|>',
    ]
    const ids = new Set(
      [...model.iterateAllTokens()].filter((id) =>
        [...guarded, '<|im_start|>'].includes(model.detokenize([id], true)),
      ),
    )
    expect(ids.size).toBe(guarded.length + 1)
    const frame = (text: string) => prompt.tokens(everywhere(text)).filter((token) => ids.has(token))
    const expected = frame('x')
    const piece = fc.oneof(
      fc.constantFrom(...guarded, '<', '|>', '<|im_', 'end|>', ' ', '\ue000'),
      fc.string({ unit: 'grapheme-ascii', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const { tokens, pieces: parts } = prompt.render(everywhere(`${pieces.join('')}.`))
        expect(tokens.filter((token) => ids.has(token))).toEqual(expected)
        const text = parts.map((part) => part.text).join('')
        expect(normal(model.detokenize(tokens, true))).toBe(normal(text))
      }),
      { numRuns: 60 },
    )
    await model.dispose()
  })
})

it('ordinary tokens of the user are not cut', async () => {
  const [, shape] = vocabularies[0] ?? expect.fail()
  const model = await llama.loadModel({
    modelPath: writeRandomModel(join(temporaryFolder(), 'model.gguf'), { ...shape, chatTemplate: template }),
    vocabOnly: true,
  })
  const { pieces } = new ChatTemplate(model, template).render({
    messages: [{ role: 'user', content: 'A <b>bold</b> word,\n    indented.' }],
  })
  expect(pieces).toHaveLength(1)
  await model.dispose()
})

it('the template named tool_use renders conversations with tools, the default one the others', async () => {
  const named = { tool_use: `{% for t in tools %}TOOL {{ t.function.name }} {% endfor %}${template}` }
  const model = await llama.loadModel({
    modelPath: writeRandomModel(join(temporaryFolder(), 'model.gguf'), {
      chatTemplate: '{% for m in messages %}{{ m.content }} {% endfor %}',
      namedTemplates: named,
    }),
    vocabOnly: true,
  })
  const prompt = ChatTemplate.of(model) ?? expect.fail('no template')
  const textOf = (request: PromptRequest) => model.detokenize(prompt.tokens(request), true)
  expect(prompt.calls?.signs).toEqual(['<tool_call>'])
  expect(textOf({ messages: [{ role: 'user', content: 'hi' }] })).toBe('hi ')
  expect(textOf(everywhere('x'))).toContain('TOOL look ')
  await model.dispose()
})
