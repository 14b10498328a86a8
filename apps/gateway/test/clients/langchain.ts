// LangChain.js, by any of its chat models.
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { HumanMessage, type UsageMetadata } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { type Client, parameters, person, pieces, result, weather } from './client.js'

/** LangChain, by one of its chat models. */
export function langchain(modelOf: (model: string) => BaseChatModel): Client {
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
      const tools = [tool(() => result, { ...weather, schema: parameters })]
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
