// Ollama's own client.
import { Ollama } from 'ollama'
import { type Client, parameters, person, pieces, result, weather } from './client.js'

export function ollama(url: string): Client {
  const client = new Ollama({ host: url })
  const messages = (content: string) => [{ role: 'user', content }]
  return {
    async ask(model, question) {
      const { message, prompt_eval_count, eval_count } = await client.chat({
        model,
        messages: messages(question),
      })
      return { text: message.content, inputTokens: prompt_eval_count, outputTokens: eval_count }
    },
    async stream(model, question) {
      const events = await client.chat({ model, messages: messages(question), stream: true })
      return pieces(events, ({ message }) => message.content)
    },
    async tool(model, question) {
      const tools = [{ type: 'function', function: { ...weather, parameters } }]
      const { message } = await client.chat({ model, messages: messages(question), tools })
      const last = await client.chat({
        model,
        messages: [
          ...messages(question),
          message,
          { role: 'tool', content: result, tool_name: weather.name },
        ],
        tools,
      })
      return { text: last.message.content, input: message.tool_calls?.[0]?.function.arguments }
    },
    async object(model, question) {
      const { message } = await client.chat({ model, messages: messages(question), format: person })
      return JSON.parse(message.content)
    },
    async see(model, png) {
      const { message } = await client.chat({
        model,
        messages: [{ role: 'user', content: 'What is it?', images: [png] }],
      })
      return { text: message.content, reasoning: message.thinking ?? '' }
    },
    async leave(model, question) {
      for await (const _ of await client.chat({ model, messages: messages(question), stream: true })) break
    },
  }
}
