// Tools on the real engine: the bundled model calls them correctly, and any model only with valid calls.
import { runTools, tool } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { callTemplates, templateOf } from '../../test/call-templates.js'
import { failureOf, open, openRandom } from '../../test/fixtures.js'

const weather = tool({
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: z.object({ city: z.string().max(20) }),
  run: () => ({ temperature: 21, condition: 'sunny' }),
})
const multiply = tool({
  name: 'multiply',
  description: 'Multiply two numbers.',
  input: z.object({ a: z.int(), b: z.int() }),
  run: ({ a, b }) => ({ product: a * b }),
})
const tools = [weather, multiply]
const picoTemplate = `{%- if tools -%}<tools>
{%- for tool in tools -%}{{ tool | tojson }}{%- endfor -%}</tools>{%- endif -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}{% for call in message.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

describe('the bundled model', () => {
  it('calls one tool, several or none, and answers with their results', async () => {
    const provider = open()
    const ask = (messages: string) => runTools(provider, { messages, tools }).result()
    const one = await ask('What is the weather in Lima?')
    expect(one).toMatchObject({ reason: 'answer', steps: 2, text: expect.stringMatching(/21 degrees/) })
    expect(one.messages[1]?.content).toMatchObject([{ name: 'get_weather', input: { city: 'Lima' } }])
    const two = await ask('What is the weather in Lima and in Oslo?')
    expect(two.messages[1]?.content).toMatchObject([{ input: { city: 'Lima' } }, { input: { city: 'Oslo' } }])
    expect(await ask('What is the capital of France?')).toMatchObject({ steps: 1, text: /Paris/ })
  })

  it('follows toolChoice, and calls once with parallelToolCalls: false', async () => {
    const provider = open()
    const messages = 'What is the weather in Lima and in Oslo?'
    const calls = async (more: object) => (await provider.chat({ messages, tools, ...more })).toolCalls
    const named = await calls({ toolChoice: { name: 'multiply' }, parallelToolCalls: false })
    expect(named).toMatchObject([{ name: 'multiply' }])
    expect(await calls({ toolChoice: 'required' })).toMatchObject([
      { name: 'get_weather' },
      { name: 'get_weather' },
    ])
    expect(await calls({ toolChoice: 'none' })).toEqual([])
    expect(await calls({ parallelToolCalls: false })).toHaveLength(1)
  })

  it('warns when its answer ends inside a call', async () => {
    const provider = open()
    const response = await provider.chat({
      messages: 'What is the weather in Lima?',
      tools,
      maxOutputTokens: 8,
    })
    expect(response).toMatchObject({ finishReason: 'length', toolCalls: [], text: '' })
    expect(response.warnings).toMatchObject([
      { feature: 'tools', message: expect.stringContaining('unfinished call') },
    ])
  })

  it('streams a call as an event, and counts tools as tokens of the prompt', async () => {
    const provider = open()
    const types: string[] = []
    for await (const { type } of provider.stream({ messages: 'What is the weather in Lima?', tools }))
      types.push(type)
    expect(types).toEqual(['start', 'tool-call-start', 'tool-call-delta', 'tool-call', 'finish'])
    const bare = await provider.countTokens('hi')
    expect(await provider.countTokens({ messages: 'hi', tools })).toBeGreaterThan(bare + 50)
  })
})

// One family for each format.
const formats = new Map(callTemplates.map((family) => [family.format, family]))
it.each(
  [...formats.values()].filter(({ format }) => format !== 'nested XML'),
)('a random model with the calls of $family makes only whole calls of offered tools', async (family) => {
  const chatTemplate = `${templateOf(family)}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}`
  const provider = openRandom({}, { chatTemplate, context: 2048, defaults: { temperature: 1 } })
  const unit = { type: 'string', enum: ['c', 'f'] } as const
  const input = {
    type: 'object',
    properties: { unit, now: { type: 'boolean' } },
    required: ['unit'],
  } as const
  for (let seed = 0; seed < 2; seed++) {
    const { toolCalls, text, finishReason, warnings } = await provider.chat({
      ...{ messages: 'x', toolChoice: 'required', parallelToolCalls: false, seed },
      tools: [
        { name: 'sooner', input },
        { name: 'later', input },
      ],
    })
    expect({ finishReason, text, warnings }).toEqual({ finishReason: 'tool-calls', text: '', warnings: [] })
    expect(['sooner', 'later']).toContain(toolCalls[0]?.name)
    const { unit, now = true } = toolCalls[0]?.input as { unit: string; now?: boolean }
    expect([['c', 'f'].includes(unit), typeof now]).toEqual([true, 'boolean'])
  }
})

it('a random model makes only valid calls, as the grammar allows nothing else', async () => {
  const rest = { unit: z.enum(['c', 'f']), now: z.boolean() }
  const input = z.object({ city: z.string().max(20), ...rest })
  // Of bytes that are no UTF-8, which such a model writes too, one may become several characters.
  const valid = z.object({ city: z.string(), ...rest })
  const provider = openRandom({}, { chatTemplate: picoTemplate, context: 2048, defaults: { temperature: 1 } })
  for (let seed = 0; seed < 10; seed++) {
    const { toolCalls, finishReason } = await provider.chat({
      ...{ messages: 'x', toolChoice: 'required', parallelToolCalls: false, seed },
      tools: [tool({ name: 'now', input }), tool({ name: 'later', input })],
    })
    expect(finishReason).toBe('tool-calls')
    expect(['now', 'later']).toContain(toolCalls[0]?.name)
    expect(valid.safeParse(toolCalls[0]?.input)).toMatchObject({ success: true })
  }
})

it('a model whose template does not support tools refuses them before any work', async () => {
  const provider = open({
    chatTemplate: '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}',
  })
  expect(await provider.capabilities()).toMatchObject({ tools: false })
  expect(await failureOf(provider.chat({ messages: 'x', tools }))).toMatchObject({ code: 'unsupported' })
})
