// Structured output for LangChain: `withStructuredOutput`.
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessage, BaseMessage } from '@langchain/core/messages'
import { type Runnable, RunnableLambda } from '@langchain/core/runnables'
import { toJsonSchema as fromZod } from '@langchain/core/utils/json_schema'
import { isZodSchemaV3 } from '@langchain/core/utils/types'
import { type ChatResponse, isLlmError, type JsonSchema, LlmError, type StandardSchema } from '@patchbay/core'
import { omitUndefined, toJsonSchema, validate, withOutput } from '@patchbay/core/wrap'
import { toMessage } from './answer.js'
import type { PatchbayChatOptions } from './call-options.js'

type Value = Record<string, unknown>
type Raw = { raw: BaseMessage; parsed: Value | null }

const isMisfit = (error: unknown): error is LlmError =>
  isLlmError(error) && error.code === 'structured-output'

interface Way {
  options: Partial<PatchbayChatOptions>
  /** @throws {LlmError} `structured-output` for an answer without the value */
  parse: (answer: AIMessage) => Promise<Value>
}

/** @throws {LlmError} `unsupported` for an unknown method; `invalid-request` for a schema that cannot be sent */
export function structuredModel(
  model: BaseChatModel<PatchbayChatOptions>,
  given: object,
  { name, includeRaw, strict, method = 'jsonSchema' }: StructuredOutputMethodOptions<boolean>,
): Runnable<BaseLanguageModelInput, Value> | Runnable<BaseLanguageModelInput, Raw> {
  const schema = withJsonSchema(given as StandardSchema | JsonSchema)
  const words = toJsonSchema(schema, 'the schema of the answer')
  const { options, parse } = wayOf(method, schema, words, { name, strict })
  const bound = model.withConfig({
    ...options,
    ls_structured_output_format: { kwargs: { method }, schema: words },
  })
  if (!includeRaw) return bound.pipe(RunnableLambda.from(parse))
  return RunnableLambda.from(async (input: BaseLanguageModelInput, config): Promise<Raw> => {
    const raw = await bound.invoke(input, config).catch((error) => {
      if (isMisfit(error) && error.partial) return toMessage(error.partial)
      throw error
    })
    const parsed = await parse(raw).catch((error) => {
      if (isMisfit(error)) return null
      throw error
    })
    return { raw, parsed }
  })
}

/** Zod 3 cannot give its JSON Schema; LangChain can. */
function withJsonSchema(schema: StandardSchema | JsonSchema): StandardSchema | JsonSchema {
  if (!isZodSchemaV3(schema)) return schema
  const words = () => fromZod(schema)
  return {
    '~standard': { ...(schema as StandardSchema)['~standard'], jsonSchema: { input: words, output: words } },
  }
}

function wayOf(
  method: string,
  schema: StandardSchema | JsonSchema,
  words: JsonSchema,
  { name, strict }: { name: string | undefined; strict: boolean | undefined },
): Way {
  switch (method) {
    case 'jsonSchema':
      return {
        options: { request: { output: { schema, ...omitUndefined({ name, strict }) } } },
        parse: (answer) => readValue(answer, schema),
      }
    case 'jsonMode':
      return { options: { request: { output: 'json' } }, parse: (answer) => readValue(answer, schema) }
    case 'functionCalling': {
      const called = name ?? 'extract'
      const description = typeof words.description === 'string' ? words.description : undefined
      const tool = {
        type: 'function',
        function: { name: called, ...omitUndefined({ description, strict }), parameters: words },
      }
      return {
        options: { tools: [tool], tool_choice: called },
        async parse(answer) {
          const call = answer.tool_calls?.find((one) => one.name === called)
          if (call === undefined) throw without(answer, `did not call ${called}`)
          const checked = await validate(schema, call.args)
          if ('value' in checked) return checked.value as Value
          throw without(answer, `does not fit the schema: ${checked.problem}`)
        },
      }
    }
    default:
      throw new LlmError(
        'unsupported',
        `There is no method ${JSON.stringify(method)} for structured output. Use 'jsonSchema', 'functionCalling' or 'jsonMode'.`,
      )
  }
}

/** Parses the value again: a cached answer is only text. */
async function readValue(answer: AIMessage, schema: StandardSchema | JsonSchema): Promise<Value> {
  const { output } = await withOutput(responseOf(answer), { schema })
  if (output === undefined) throw without(answer, 'holds no value')
  return output as Value
}

function without(answer: AIMessage, problem: string): LlmError {
  const partial = responseOf(answer)
  const { model, provider, finishReason } = partial
  return new LlmError(
    'structured-output',
    `${model} (${provider}) gave an answer that ${problem} (finish reason ${finishReason}).`,
    { partial },
  )
}

/** The part of the response that its value needs. */
function responseOf({ text, response_metadata: metadata, tool_calls = [] }: AIMessage): ChatResponse {
  return {
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    text,
    reasoning: '',
    toolCalls: tool_calls.map(({ id = '', name, args }) => ({ id, name, input: args })),
    finishReason: metadata.finish_reason as ChatResponse['finishReason'],
    usage: {},
    timing: { firstTokenMs: 0, totalMs: 0 },
    attempts: 1,
    provider: String(metadata.provider),
    model: String(metadata.model_name),
    warnings: [],
  }
}
