// Raw requests of Chat Completions: as the client wrote them, but for what servers name differently or are known to refuse.
import type { Warning } from '@patchbay/core'
import { fieldsOf, objectsIn, type RawRequest } from '@patchbay/core/wire'
import type { Target } from '../api.js'

type Json = Record<string, unknown>

// Fields of other servers' dialects: OpenAI answers "Unrecognized request argument supplied" and "Unknown parameter:
// 'messages[1].reasoning_content'" (openai-openapi, August 2026). Clients keep them when their conversation moves here.
const foreignFields = new Set(
  'include_reasoning usage thinking enable_thinking chat_template_kwargs provider transforms top_k min_p repetition_penalty cache_control reasoning'.split(
    ' ',
  ),
)
const foreignMessageFields = new Set('reasoning_content reasoning reasoning_details cache_control'.split(' '))

/** The body of a raw request, over what defaults add to it. */
export function toRawChatBody(
  added: Json,
  { body }: RawRequest,
  { model, preset, who }: Target,
  warn: (warning: Warning) => void,
): Json {
  const { max_tokens, max_completion_tokens, ...rest } = body
  const most = max_completion_tokens ?? max_tokens
  const { effort } = fieldsOf(body.reasoning)
  const isOpenAIs = preset.name !== 'compatible'
  const known = isOpenAIs ? omit(rest, foreignFields) : rest
  for (const name of Object.keys(rest))
    if (!(name in known) && name !== 'reasoning')
      warn({ code: 'unsupported', feature: name, message: `${who} has no ${name}; it was left out.` })
  return {
    ...added,
    ...(isOpenAIs && typeof effort === 'string' && { reasoning_effort: effort }),
    ...known,
    model,
    messages: objectsIn(body.messages).map(
      isOpenAIs ? (message) => omit(message, foreignMessageFields) : withoutDeveloper,
    ),
    ...(most !== undefined && most !== null && { [preset.maxTokens]: most }),
    // Without it, nobody would know what the answer cost.
    ...(body.stream === true &&
      preset.streamUsage && { stream_options: { ...fieldsOf(body.stream_options), include_usage: true } }),
  }
}

// A name of the system's role that only OpenAI's own servers are sure to know.
function withoutDeveloper(message: Json): Json {
  return message.role === 'developer' ? { ...message, role: 'system' } : message
}

function omit(object: Json, names: ReadonlySet<string>): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)))
}
