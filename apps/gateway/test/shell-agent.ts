// A coding agent's model without a download: the local engine over random weights, with a window of the size that agents need.
// Such a model knows nothing, so a policy tells it what to do, as grammars do: first to call the client's shell, then to say what
// it printed. Prompt, grammar, tokens, stream and usage are those of any local model.
import type { ChatRequest, JsonSchema, Message } from '@patchbay/core'
import { local } from '@patchbay/local'
import { type Interception, Middleware, type PolicyCall } from '@patchbay/policies'
import { writeRandomModel } from '../../../packages/local/test/random-model.js'

/** In the form in which Qwen's and Hermes' templates write instructions, tools, calls and results. */
const chatTemplate = `{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% endif %}<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}
{% endif %}{% if tools %}You may call one or more functions.
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools>
{% endif %}<|im_end|>
{% for m in rest %}<|im_start|>{{ 'user' if m.role == 'tool' else m.role }}
{% if m.role == 'tool' %}<tool_response>
{{ m.content }}
</tool_response>{% else %}{{ m.content }}{% endif %}{% for c in m.tool_calls or [] %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

/** The model, in a file written to this path. */
export function shellAgent(path: string): ShellAgent {
  const context = 65_536
  const shape = {
    context,
    chatTemplate,
    ascii: true,
    layers: 1,
    width: 32,
    heads: 2,
    vocabulary: 'bpe' as const,
  }
  return new ShellAgent(
    local({
      model: writeRandomModel(path, shape),
      context,
      parallel: 1,
      threads: 1,
      cacheDir: false,
      timeout: { total: 600_000, first: 600_000, idle: 600_000 },
    }),
  )
}

/** Makes whatever model is behind it call the client's shell once, then say what it printed. */
export class ShellAgent extends Middleware {
  /** The conversations that the model got, in their order. */
  readonly conversations: Message[][] = []

  protected intercept(call: PolicyCall): Interception {
    if (call.kind !== 'chat') return {}
    // The gateway always gives a request with a list of messages.
    const request = call.request as ChatRequest
    const messages = request.messages as Message[]
    this.conversations.push(messages)
    const tool = request.tools?.find(({ name }) => /bash|shell|exec|terminal|run_command/i.test(name))
    const result = messages.findLast(({ role }) => role === 'tool')
    const command = commandOf(messages)
    if (result === undefined && tool !== undefined && command !== undefined) {
      const input = shellInput(tool.input as JsonSchema, command)
      const tools = request.tools?.map((one) => (one === tool ? { ...one, input } : one)) ?? []
      return {
        request: {
          ...request,
          tools,
          toolChoice: { name: tool.name },
          parallelToolCalls: false,
          maxOutputTokens: 300,
          temperature: 0,
        },
      }
    }
    if (request.output !== undefined) return { request: { ...request, maxOutputTokens: 200 } }
    const said =
      result === undefined ? 'Paris.' : `It printed ${/marker[-\w]*/.exec(JSON.stringify(result))?.[0]}.`
    const { tools: _, toolChoice: __, parallelToolCalls: ___, ...rest } = request
    return {
      request: {
        ...rest,
        output: { schema: { type: 'string', const: said } },
        maxOutputTokens: 100,
        temperature: 0,
      },
    }
  }
}

/** The command that the user asks for: in double brackets, or after the words of the recordings. */
function commandOf(messages: readonly Message[]): string | undefined {
  const text = JSON.stringify(messages)
  return (/\[\[([^\]]+)\]\]/.exec(text) ?? /with your shell tool: ([^"\\]+)/.exec(text))?.[1]
}

/** The required properties of the client's schema, of which the one that holds the command has one value only. */
function shellInput({ properties = {}, required = [] }: JsonSchema, command: string): JsonSchema {
  const field = Object.keys(properties as object).find((name) => /^(cmd|commands?)$/.test(name)) ?? 'command'
  const kinds = properties as Record<string, JsonSchema>
  const isList = kinds[field]?.type === 'array'
  const names = [...new Set([field, ...(required as string[])])]
  const bounded = (name: string): JsonSchema =>
    name === field
      ? { const: isList ? [command] : command }
      : kinds[name]?.type === 'string' && kinds[name]?.enum === undefined
        ? { ...kinds[name], maxLength: 20 }
        : (kinds[name] ?? {})
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, bounded(name)])),
    required: names,
    additionalProperties: false,
  }
}
