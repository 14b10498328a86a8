// Sampling: a server asks a model through the app.
import {
  type CreateMessageRequestParams,
  type CreateMessageResultWithTools,
  ProtocolError,
  ProtocolErrorCode,
  type SamplingMessage,
  type SamplingMessageContentBlock,
  specTypeSchemas,
} from '@modelcontextprotocol/client'
import {
  type ChatRequest,
  isLlmError,
  type JsonSchema,
  type Message,
  type Part,
  type Provider,
  type Warning,
} from '@patchbay/core'
import { toParts } from './result.js'
import { type SamplingAnswer, toResult } from './sampling-result.js'
import { validated } from './validated.js'

/** Answers a request of a server to a model, after asking the user for example. An error that it throws refuses it. */
export type Sample = (
  request: ChatRequest,
  options: { signal: AbortSignal },
) => SamplingAnswer | Promise<SamplingAnswer>

/** The answer to `sampling/createMessage`. `warn` gets the warnings of the model's answer, which the server does not. */
export async function answerSampling(
  sampling: Provider | Sample,
  params: unknown,
  signal: AbortSignal,
  warn: (warning: Warning) => void,
): Promise<CreateMessageResultWithTools> {
  const request = toRequest(await validated(specTypeSchemas.CreateMessageRequestParams, params))
  const sample: Sample =
    typeof sampling === 'function' ? sampling : (input, options) => sampling.chat(input, options)
  const answer = await ask(sample, request, signal)
  for (const warning of answer.warnings ?? []) warn(warning)
  return toResult(answer)
}

async function ask(sample: Sample, request: ChatRequest, signal: AbortSignal): Promise<SamplingAnswer> {
  try {
    return await sample(request, { signal })
  } catch (error) {
    // The server is told no more than the kind of failure: messages are for the app.
    const why = isLlmError(error) ? error.code : 'refused'
    throw new ProtocolError(ProtocolErrorCode.InternalError, `The client did not ask its model: ${why}.`)
  }
}

function toRequest({
  messages,
  systemPrompt,
  maxTokens,
  temperature,
  stopSequences,
  tools,
  toolChoice,
}: CreateMessageRequestParams): ChatRequest {
  return {
    messages: messages.flatMap(toMessages),
    maxOutputTokens: maxTokens,
    // A server cannot know what the model takes.
    onUnsupported: 'warn',
    ...(systemPrompt !== undefined && { system: systemPrompt }),
    ...(temperature !== undefined && { temperature }),
    ...(stopSequences !== undefined && { stop: stopSequences }),
    ...(tools !== undefined && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        name,
        ...(description !== undefined && { description }),
        input: inputSchema as JsonSchema,
      })),
    }),
    ...(toolChoice?.mode !== undefined && { toolChoice: toolChoice.mode }),
  }
}

/** Results of tools are messages of their own. */
function toMessages({ role, content }: SamplingMessage): Message[] {
  const parts = (Array.isArray(content) ? content : [content]).flatMap(toPart)
  const results = parts.filter(({ type }) => type === 'tool-result')
  const others = parts.filter(({ type }) => type !== 'tool-result')
  return [
    ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
    ...(others.length > 0 ? [{ role, content: others }] : []),
  ]
}

function toPart(block: SamplingMessageContentBlock): Part[] {
  switch (block.type) {
    case 'tool_use':
      return [{ type: 'tool-call', id: block.id, name: block.name, input: block.input }]
    case 'tool_result': {
      const { content = [], structuredContent, isError } = block
      const output = content.length > 0 ? toParts(content) : JSON.stringify(structuredContent ?? {})
      return [{ type: 'tool-result', id: block.toolUseId, output, ...(isError && { isError }) }]
    }
    default:
      return toParts([block])
  }
}
