// The clients people have, unchanged, each behind the few things every app does with them.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { HumanMessage, type UsageMetadata } from '@langchain/core/messages'
import { tool as langchainTool } from '@langchain/core/tools'
import { ChatOllama } from '@langchain/ollama'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, jsonSchema, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { Ollama } from 'ollama'
import OpenAI from 'openai'

/** What a client got. */
export interface Told {
  text: string
  inputTokens: number
  outputTokens: number
}

/** What every app does. */
export interface Client {
  ask(model: string, question: string): Promise<Told>
  /** The pieces, as they came. */
  stream(model: string, question: string): Promise<string[]>
  /** A question that needs the weather: a call, its result, an answer. */
  tool(model: string, question: string): Promise<{ input: unknown; text: string }>
  /** An answer in JSON, by a schema. */
  object(model: string, question: string): Promise<unknown>
  /** A question about an image, and what was thought before the answer, where the client has a word for that. */
  see(model: string, png: string): Promise<{ text: string; reasoning?: string }>
  /** Leaves after the first piece. */
  leave(model: string, question: string): Promise<void>
}

const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, description: 'The city' } },
  required: ['city'],
}
const weather = { name: 'get_weather', description: 'Get the current weather for a city' }
const result = JSON.stringify({ temperature: 21, condition: 'sunny' })
const person = {
  type: 'object' as const,
  properties: { name: { type: 'string' as const }, age: { type: 'integer' as const } },
  required: ['name', 'age'],
  additionalProperties: false,
}

async function pieces<T>(
  events: AsyncIterable<T>,
  textOf: (event: T) => string | undefined | null,
): Promise<string[]> {
  const all: string[] = []
  for await (const event of events) {
    const text = textOf(event)
    if (text) all.push(text)
  }
  return all
}

function openaiChat(url: string): Client {
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

function openaiResponses(url: string): Client {
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

function anthropic(url: string): Client {
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

function ollama(url: string): Client {
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

/** The AI SDK, by one of its providers. */
function aiSdk(modelOf: (model: string) => LanguageModel): Client {
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

/** LangChain, by one of its chat models. */
function langchain(modelOf: (model: string) => BaseChatModel): Client {
  const asked = (question: string) => [new HumanMessage(question)]
  return {
    async ask(model, question) {
      const { text, usage_metadata } = await modelOf(model).invoke(asked(question))
      const { input_tokens = 0, output_tokens = 0 } = (usage_metadata ?? {}) as Partial<UsageMetadata>
      return { text, inputTokens: input_tokens, outputTokens: output_tokens }
    },
    async stream(model, question) {
      return pieces(await modelOf(model).stream(asked(question)), ({ text }) => text)
    },
    async tool(model, question) {
      const tools = [langchainTool(() => result, { ...weather, schema: parameters })]
      const bound = modelOf(model).bindTools?.(tools)
      if (bound === undefined) throw new Error('It binds no tools.')
      const first = await bound.invoke(asked(question))
      const [call] = first.tool_calls ?? []
      const told = await tools[0]?.invoke(call as never)
      const last = await bound.invoke([...asked(question), first, told as never])
      return { text: last.text, input: call?.args }
    },
    async object(model, question) {
      return modelOf(model)
        .withStructuredOutput(person, { method: 'jsonSchema', name: 'person' })
        .invoke(asked(question))
    },
    async see(model, png) {
      const content = [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      ]
      const message = await modelOf(model).invoke([new HumanMessage({ content })])
      const thought = message.contentBlocks.flatMap((block) =>
        block.type === 'reasoning' ? [String(block.reasoning)] : [],
      )
      return { text: message.text, ...(thought.length > 0 && { reasoning: thought.join('') }) }
    },
    async leave(model, question) {
      for await (const _ of await modelOf(model).stream(asked(question))) break
    },
  }
}

/** All of them, for a gateway. */
export function clientsOf(url: string): Record<string, Client> {
  const apiKey = 'none'
  const ai = createOpenAI({ baseURL: `${url}/v1`, apiKey })
  const compatible = createOpenAICompatible({
    name: 'patchbay',
    baseURL: `${url}/v1`,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
  const claude = createAnthropic({ baseURL: `${url}/v1`, apiKey })
  const configuration = { baseURL: `${url}/v1` }
  return {
    'openai, chat completions': openaiChat(url),
    'openai, responses': openaiResponses(url),
    '@anthropic-ai/sdk': anthropic(url),
    ollama: ollama(url),
    'AI SDK, openai (responses)': aiSdk((model) => ai(model)),
    'AI SDK, openai (chat)': aiSdk((model) => ai.chat(model)),
    'AI SDK, openai-compatible': aiSdk((model) => compatible(model)),
    'AI SDK, anthropic': aiSdk((model) => claude(model)),
    'LangChain, openai': langchain(
      (model) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0 }),
    ),
    'LangChain, openai (responses)': langchain(
      (model) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, useResponsesApi: true }),
    ),
    'LangChain, anthropic': langchain(
      (model) => new ChatAnthropic({ model, apiKey, anthropicApiUrl: url, maxRetries: 0 }),
    ),
    'LangChain, ollama': langchain((model) => new ChatOllama({ model, baseUrl: url, maxRetries: 0 })),
  }
}
