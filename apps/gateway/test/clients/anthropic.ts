// Anthropic's own client.
import Anthropic from '@anthropic-ai/sdk'
import { type Client, parameters, person, pieces, result, weather } from './client.js'

export function anthropic(url: string): Client {
  const { messages: api } = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const body = (model: string, content: string) => ({
    model,
    max_tokens: 200,
    messages: [{ role: 'user' as const, content }],
  })
  const textOf = (content: Anthropic.ContentBlock[]) =>
    content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  return {
    async ask(model, question) {
      const { content, usage } = await api.create(body(model, question))
      return { text: textOf(content), inputTokens: usage.input_tokens, outputTokens: usage.output_tokens }
    },
    async stream(model, question) {
      return pieces(api.stream(body(model, question)), (event) =>
        event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '',
      )
    },
    async tool(model, question) {
      const asked = { ...body(model, question), tools: [{ ...weather, input_schema: parameters }] }
      const { content } = await api.stream(asked).finalMessage()
      const call = content.find((block) => block.type === 'tool_use')
      const last = await api.create({
        ...asked,
        messages: [
          ...asked.messages,
          { role: 'assistant', content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: result }] },
        ],
      })
      return { text: textOf(last.content), input: call?.input }
    },
    async object(model, question) {
      const format = { type: 'json_schema' as const, schema: person }
      const { content } = await api.create({ ...body(model, question), output_config: { format } })
      return JSON.parse(textOf(content))
    },
    async see(model, png) {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: png }
      const { content } = await api.create({
        model,
        max_tokens: 50,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source },
              { type: 'text', text: 'What is it?' },
            ],
          },
        ],
      })
      const thought = content.map((block) => (block.type === 'thinking' ? block.thinking : ''))
      return { text: textOf(content), reasoning: thought.join('') }
    },
    async leave(model, question) {
      for await (const _ of await api.create({ ...body(model, question), stream: true })) break
    },
  }
}
