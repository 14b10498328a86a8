// The AI SDK, by any of its providers.
import { generateText, jsonSchema, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { type Client, parameters, person, pieces, weather } from './client.js'

/** The AI SDK, by one of its providers. */
export function aiSdk(modelOf: (model: string) => LanguageModel): Client {
  // Of models it does not know by name, this client would ask for JSON by a tool.
  const providerOptions = { anthropic: { structuredOutputMode: 'outputFormat' } }
  const options = { maxRetries: 0, maxOutputTokens: 300, providerOptions }
  return {
    async ask(model, prompt) {
      const { text, usage } = await generateText({ model: modelOf(model), prompt, ...options })
      return { text, inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0 }
    },
    async stream(model, prompt) {
      return pieces(streamText({ model: modelOf(model), prompt, ...options }).textStream, (text) => text)
    },
    async tool(model, prompt) {
      let input: unknown
      const stream = streamText({
        model: modelOf(model),
        prompt,
        tools: {
          [weather.name]: tool({
            description: weather.description,
            inputSchema: jsonSchema<{ city: string }>(parameters),
            execute: (given) => {
              input = given
              return { temperature: 21, condition: 'sunny' }
            },
          }),
        },
        stopWhen: stepCountIs(3),
        ...options,
      })
      return { text: await stream.text, input }
    },
    async object(model, prompt) {
      const output = Output.object({ schema: jsonSchema(person) })
      return (await generateText({ model: modelOf(model), prompt, output, ...options })).output
    },
    async see(model, png) {
      const { text, reasoningText } = await generateText({
        model: modelOf(model),
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image', image: png, mediaType: 'image/png' },
            ],
          },
        ],
        ...options,
      })
      return { text, ...(reasoningText !== undefined && { reasoning: reasoningText }) }
    },
    async leave(model, prompt) {
      const controller = new AbortController()
      const { textStream } = streamText({
        model: modelOf(model),
        prompt,
        abortSignal: controller.signal,
        onError: () => {},
        ...options,
      })
      for await (const _ of textStream) {
        controller.abort()
        break
      }
    },
  }
}
