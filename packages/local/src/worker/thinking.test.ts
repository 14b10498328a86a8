// Thinking on the real engine. The bundled model does not think; some templates make its answer count as thinking.
import { describe, expect, it } from 'vitest'
import { failureOf, open, openRandom } from '../../test/fixtures.js'
import { thinkingTemplateOf, thinkingTemplates } from '../../test/thinking-templates.js'

const template = (prompt: string) => `{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.reasoning_content %}The {{ message.reasoning_content }} is {% endif %}{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
${prompt}{% endif %}`
const question = 'What is the capital of France?'
// Its answer: The capital of France is Paris.
const says = { reasoning: 'capital of France', text: 'Paris.' }

describe('a model that thinks', () => {
  it.each([
    ['when it likes to', ''],
    ['because the prompt has started it', 'The'],
  ])('%s says so apart, in the stream and in the response, and counts it', async (_, prompt) => {
    const provider = open({ chatTemplate: template(prompt) })
    expect(await provider.capabilities()).toMatchObject({
      reasoning: true,
      options: { reasoningBudget: true },
    })
    const seen: Record<string, string> = { reasoning: '', text: '' }
    const stream = provider.stream(question)
    for await (const event of stream)
      if (event.type === 'text' || event.type === 'reasoning') seen[event.type] += event.text
    const response = await stream.response()
    expect(seen).toEqual(says)
    expect(response).toMatchObject(says)
    expect(response.message.content.map(({ type }) => type)).toEqual(['reasoning', 'text'])
    const { outputTokens = 0, reasoningTokens = 0 } = response.usage
    expect(reasoningTokens).toBeGreaterThan(1)
    expect(reasoningTokens).toBeLessThan(outputTokens)
    // And it goes on with what it thought.
    const next = await provider.chat([question, response.message, 'What is the capital of Italy?'])
    expect(next.text).toBe('Rome.')
  })

  it('does not think with reasoning: off, and before JSON only with reasoning', async () => {
    const provider = open({ chatTemplate: template('') })
    expect((await provider.chat({ messages: question, reasoning: 'off' })).reasoning).toBe('')
    const output = {
      schema: { type: 'object', properties: { city: { type: 'string', maxLength: 9 } }, required: ['city'] },
    }
    const json = await provider.chat({ messages: question, output })
    expect(json.reasoning).toBe('')
    expect(json.output).toMatchObject({ city: expect.any(String) })
    const thought = await provider.chat({ messages: question, output, reasoning: 'low' })
    expect(thought.reasoning).toContain('capital of France')
    expect(thought.output).toMatchObject({ city: expect.any(String) })
  })

  it('that is cut off while it thinks has reasoning and no text', async () => {
    const provider = open({ chatTemplate: template('The') })
    const response = await provider.chat({ messages: question, maxOutputTokens: 2 })
    expect(response).toMatchObject({ finishReason: 'length', text: '' })
    expect(response.reasoning).not.toBe('')
  })

  it('is closed when its budget of tokens is used up, and the answer follows', async () => {
    const provider = open({ chatTemplate: template('') })
    const whole = await provider.chat(question)
    const budget = 2
    const short = await provider.chat({ messages: question, reasoning: { budgetTokens: budget } })
    expect(short.reasoning).not.toBe('')
    expect(whole.reasoning.startsWith(short.reasoning)).toBe(true)
    expect(short.reasoning.length).toBeLessThan(whole.reasoning.length)
    expect(short.usage.reasoningTokens).toBeLessThan(whole.usage.reasoningTokens ?? 0)
    expect(short.text).not.toBe('')
    const ample = await provider.chat({ messages: question, reasoning: { budgetTokens: 1000 } })
    expect(ample).toMatchObject({ reasoning: whole.reasoning, text: whole.text })
  })

  it('that the model cannot do has no budget', async () => {
    const call = open().chat({ messages: question, reasoning: { budgetTokens: 100 } })
    expect(await failureOf(call)).toMatchObject({ code: 'unsupported' })
  })
})

describe('before JSON, a model whose answers are framed', () => {
  it.each(
    thinkingTemplates.filter(({ answer }) => answer !== undefined),
  )('($family) gets the frame after its thought, and then writes JSON alone', async (family) => {
    const provider = openRandom({ chatTemplate: thinkingTemplateOf(family), seed: 2 })
    const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
    const response = await provider.chat({
      messages: 'x',
      output: { schema },
      reasoning: { budgetTokens: 12 },
      maxOutputTokens: 300,
      logprobs: true,
    })
    expect(response.output).toMatchObject({ a: expect.any(Number) })
    expect(response.reasoning).not.toBe('')
    expect(response.usage.reasoningTokens).toBeGreaterThanOrEqual(12)
    expect(response.logprobs?.map(({ token }) => token).join('')).toBe(response.text)
  })
})
