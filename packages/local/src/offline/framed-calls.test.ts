// Calls that are messages of their own, beside messages to the user: Functionary 3.2, GigaChat 3 and Command R+.
import { join } from 'node:path'
import type { ChatRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/fixtures.js'
import { type RandomModel, writeRandomModel } from '../../test/random-model.js'
import { readAnswer } from '../answer.js'
import { renderPrompt } from '../prompt.js'

const weather = {
  name: 'get_weather',
  description: 'Get the weather.',
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} as const
const request = { messages: 'Weather?', tools: [weather] } satisfies ChatRequest
const tools = '{% for t in tools or [] %}{{ t.function.name }}\n{% endfor %}'

/** Templates that write messages and calls as the families' own ones do. */
const functionary = {
  chatTemplate: `Ask for the required input to:recipient==all
${tools}{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.role == 'assistant' and m.content %}>>>all
{% endif %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ '>>>' + c.function.name + '\\n' + c.function.arguments }}{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
>>>{% endif %}`,
}
const gigachat = {
  controlTokens: ['<|role_sep|>', '<|message_sep|>'],
  chatTemplate: `${tools}{% for m in messages %}{{ m.role }}<|role_sep|>
{{ m.content }}<|message_sep|>

{% for c in (m.tool_calls or [])[:1] %}{{ 'function call<|role_sep|>\\n' }}{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}<|message_sep|>

{% endfor %}{% endfor %}{% if add_generation_prompt %}{{ 'assistant<|role_sep|>\\n' }}{% endif %}`,
}
const command = {
  chatTemplate: `${tools}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% if m.tool_calls %}
Action:
\`\`\`json
[
{% for c in m.tool_calls %}    {
        "tool_name": "{{ c.function.name }}",
        "parameters": {{ c.function.arguments | tojson }}
    }{% if not loop.last %},
{% endif %}{% endfor %}
]\`\`\`
{% endif %}<|im_end|>
{% endfor %}`,
}

const modelOf = (shape: RandomModel) => writeRandomModel(join(temporaryFolder(), 'framed.gguf'), shape)

/** The text, cut into pieces of some length: each is tokenised by itself. */
const cut = (text: string, length: number) =>
  Array.from({ length: Math.ceil(text.length / length) }, (_, at) =>
    text.slice(at * length, (at + 1) * length),
  )

const action = (name: string, input: object) =>
  `Action: \`\`\`json\n[\n    {\n        "tool_name": "${name}",\n        "parameters": ${JSON.stringify(input)}\n    }\n]\`\`\``

const json = (city: string) => JSON.stringify({ city })

describe.each([
  ['a call', functionary, `get_weather\n${json('Lima')}`, '', ['Lima']],
  [
    'calls in parallel',
    functionary,
    `get_weather\n${json('Lima')}>>>get_weather\n${json('Oslo')}`,
    '',
    ['Lima', 'Oslo'],
  ],
  ['a text', functionary, 'all\nIt is 21 degrees.', 'It is 21 degrees.', []],
  [
    'a text, then a call',
    functionary,
    `all\nLet me see.>>>get_weather\n${json('Lima')}`,
    'Let me see.',
    ['Lima'],
  ],
  [
    'a text of a shell',
    functionary,
    'all\nType\n>>> print({"city": 1})\n',
    'Type\n>>> print({"city": 1})',
    [],
  ],
  [
    'a call',
    gigachat,
    `<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "get_weather", "arguments": ${json('Lima')}}`,
    '',
    ['Lima'],
  ],
  [
    'a text, then a call',
    gigachat,
    `Let me see.<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "get_weather", "arguments": ${json('Lima')}}<|message_sep|>`,
    'Let me see.',
    ['Lima'],
  ],
  ['a call', command, action('get_weather', { city: 'Lima' }), '', ['Lima']],
  ['the call that means none', command, action('directly-answer', {}), '', []],
  ['a text', command, 'Action: ask for a city.', 'Action: ask for a city.', []],
])('%s', (_, shape, written, text, cities) => {
  it.each([1, 3, 1000])(`is read in pieces of %i characters: ${JSON.stringify(written)}`, async (length) => {
    // A control token in pieces is none.
    const pieces = written
      .split(/(<\|[a-z_]+\|>)/)
      .flatMap((part) => (part.startsWith('<|') ? [part] : cut(part, length)))
    const answer = await readAnswer({ modelPath: modelOf(shape), request, text: pieces })
    expect(answer.text.trimEnd()).toBe(text)
    expect(answer.calls.map(({ name, input }) => [name, input])).toEqual(
      cities.map((city) => ['get_weather', { city }]),
    )
  })
})

describe('an answer to no tools, and to a forced one', () => {
  it('has no recipient in its text', async () => {
    const answer = await readAnswer({
      modelPath: modelOf(functionary),
      request: { messages: 'Hi' },
      text: 'all\nHello >>> you',
    })
    expect(answer.text).toBe('Hello >>> you')
  })

  it('follows the sign of the prompt', async () => {
    const modelPath = modelOf(functionary)
    const forced = { ...request, toolChoice: 'required' } as const
    expect((await renderPrompt({ modelPath, request: forced })).text).toMatch(/assistant\n>>>$/)
    const { calls } = await readAnswer({ modelPath, request: forced, text: `get_weather\n${json('Lima')}` })
    expect(calls).toMatchObject([{ name: 'get_weather', input: { city: 'Lima' } }])
  })

  it('goes on with the words that it begins with', async () => {
    const modelPath = modelOf(functionary)
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
    ]
    const begun = { messages }
    expect((await renderPrompt({ modelPath, request: begun })).text).toMatch(/assistant\n>>>all\nHello$/)
    expect((await readAnswer({ modelPath, request: begun, text: ' you.' })).text).toBe(' you.')
    const both = { messages, tools: [weather], toolChoice: 'required' } as const
    expect((await renderPrompt({ modelPath, request: both })).text).toMatch(/>>>all\nHello>>>$/)
  })
})
