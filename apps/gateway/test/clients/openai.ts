// OpenAI's own client, by both of its APIs.
import OpenAI from 'openai'
import { type Client, parameters, person, pieces, result, weather } from './client.js'

export function openaiChat(url: string): Client {
  const { chat } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const messages = (content: string) => [{ role: 'user' as const, content }]
  const tools = [{ type: 'function' as const, function: { ...weather, parameters } }]
  return {
    async ask(model, question) {
      const { choices, usage } = await chat.completions.create({ model, messages: messages(question) })
      return {
        text: choices[0]?.message.content ?? '',
        inputTokens: usage?.prompt_tokens ?? 0,
        outputTokens: usage?.completion_tokens ?? 0,
      }
    },
    async stream(model, question) {
      const events = await chat.completions.create({ model, messages: messages(question), stream: true })
      return pieces(events, ({ choices }) => choices[0]?.delta.content)
    },
    async tool(model, question) {
      let input: unknown
      const runner = chat.completions.runTools({
        model,
        messages: messages(question),
        stream: true,
        tools: [
          {
            type: 'function',
            function: {
              ...weather,
              parameters,
              parse: JSON.parse,
              function: (given: unknown) => {
                input = given
                return result
              },
            },
          },
        ],
      })
      return { text: (await runner.finalContent()) ?? '', input }
    },
    async object(model, question) {
      const { choices } = await chat.completions.create({
        model,
        messages: messages(question),
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'person', schema: person, strict: true },
        },
      })
      return JSON.parse(choices[0]?.message.content ?? '')
    },
    async see(model, png) {
      const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${png}` } }
      const { choices } = await chat.completions.create({
        model,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }],
      })
      const message = choices[0]?.message as { content: string; reasoning_content?: string }
      return { text: message.content, reasoning: message.reasoning_content ?? '' }
    },
    async leave(model, question) {
      const events = await chat.completions.create({
        model,
        messages: messages(question),
        tools,
        stream: true,
      })
      for await (const _ of events) break
    },
  }
}

export function openaiResponses(url: string): Client {
  const { responses } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  return {
    async ask(model, input) {
      const { output_text: text, usage } = await responses.create({ model, input })
      return { text, inputTokens: usage?.input_tokens ?? 0, outputTokens: usage?.output_tokens ?? 0 }
    },
    async stream(model, input) {
      return pieces(responses.stream({ model, input }), (event) =>
        event.type === 'response.output_text.delta' ? event.delta : '',
      )
    },
    async tool(model, input) {
      const tools = [{ type: 'function' as const, ...weather, parameters, strict: false }]
      const first = await responses.stream({ model, input, tools }).finalResponse()
      const call = first.output.find((item) => item.type === 'function_call')
      const { output_text: text } = await responses.create({
        model,
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id: call?.call_id ?? '', output: result }],
        tools,
      })
      return { text, input: JSON.parse(call?.arguments ?? 'null') }
    },
    async object(model, input) {
      const { output_text } = await responses.create({
        model,
        input,
        text: { format: { type: 'json_schema', name: 'person', schema: person, strict: true } },
      })
      return JSON.parse(output_text)
    },
    async see(model, png) {
      const image = {
        type: 'input_image' as const,
        image_url: `data:image/png;base64,${png}`,
        detail: 'auto' as const,
      }
      const { output, output_text: text } = await responses.create({
        model,
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is it?' }, image] }],
      })
      const thought = output.flatMap((item) => (item.type === 'reasoning' ? item.summary : []))
      return { text, reasoning: thought.map((part) => part.text).join('') }
    },
    async leave(model, input) {
      for await (const _ of await responses.create({ model, input, stream: true })) break
    },
  }
}
