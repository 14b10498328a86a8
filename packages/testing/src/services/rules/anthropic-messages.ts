// Rules of the Anthropic Messages API about messages, tool calls, media and cache breakpoints.
import { first, type Json, listOf, type Rule, walk } from '../rule.js'
import { claudeFamily } from './claude-models.js'

const user = (content: unknown): Json => ({ role: 'user', content })
const assistant = (content: unknown): Json => ({ role: 'assistant', content })
const chat = (...messages: Json[]): Json => ({ model: 'claude-sonnet-4-5', max_tokens: 1000, messages })
const tools = [{ name: 'look', input_schema: { type: 'object', properties: {} } }]
const call = (more: Json = {}): Json => ({
  type: 'tool_use',
  id: 'toolu_1',
  name: 'look',
  input: {},
  ...more,
})
const result = (id = 'toolu_1'): Json => ({ type: 'tool_result', tool_use_id: id, content: 'Seen.' })
const turns = (block: Json, id = 'toolu_1'): Json => ({
  ...chat(user('Look.'), assistant([block]), user([result(id)])),
  tools,
})
const image = (source: Json): Json =>
  chat(
    user([
      { type: 'image', source },
      { type: 'text', text: 'What is it?' },
    ]),
  )
const cached = (text: string, more: Json = {}): Json => ({
  type: 'text',
  text,
  cache_control: { type: 'ephemeral', ...more },
})

/** The blocks of a message; a string is one text block. */
const blocksOf = ({ content }: Json): Json[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content)
const idPattern = /^[a-zA-Z0-9_-]+$/
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Cache breakpoints in the order tools, system, messages. */
function* breakpoints({ tools, system, messages }: Json): Generator<Json> {
  for (const part of [tools, system, messages])
    for (const [path, value] of walk(part)) if (path.endsWith('cache_control')) yield value
}

export const anthropicMessages: readonly Rule[] = [
  {
    id: 'anthropic/roles',
    refuses: 'Roles other than user and assistant (and system, after a user message, on Opus 4.8).',
    check: ({ model, body }) =>
      first(listOf(body.messages), ({ role }, index) => {
        if (role === 'user' || role === 'assistant') return
        if (role === 'system' && index > 0 && model.startsWith('claude-opus-4-8')) return
        return role === 'system'
          ? "role 'system' is not supported on this model"
          : `messages.${index}.role: Input should be 'user' or 'assistant'`
      }),
    ...{
      source: 'anthropics/skills prompt-caching.md; anthropic-sdk-typescript types',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: chat({ role: 'system', content: 'Be brief.' }, user('Hi.')),
      mends: { messages: [user('Hi.')] },
    },
  },
  {
    id: 'anthropic/prefill',
    refuses: 'A last message of the assistant, from Opus 4.6 and Sonnet 4.6 on.',
    check: ({ model, body }) =>
      listOf(body.messages).at(-1)?.role === 'assistant' && !claudeFamily(model).prefill
        ? 'This model does not support assistant message prefill. The conversation must end with a user message.'
        : undefined,
    ...{
      source: 'smallmain/vscode-unify-chat-provider#249; nanobot#3297; goose#7425',
      date: '2026-09',
      sure: 'high',
    },
    example: {
      breaks: { ...chat(user('Hi.'), assistant('Well,')), model: 'claude-sonnet-5' },
      mends: { messages: [user('Hi.')] },
    },
  },
  {
    id: 'anthropic/trailing-whitespace',
    refuses: 'White space at the end of a last message of the assistant.',
    check: ({ body }) => {
      const message = listOf(body.messages).at(-1)
      const text = message?.role === 'assistant' && blocksOf(message).at(-1)?.text
      return typeof text === 'string' && text !== text.trimEnd()
        ? 'messages: final assistant content cannot end with trailing whitespace'
        : undefined
    },
    ...{ source: 'vercel/ai convert-to-anthropic-prompt', date: '2026-08', sure: 'medium' },
    example: {
      breaks: chat(user('Hi.'), assistant('Well, ')),
      mends: { messages: [user('Hi.'), assistant('Well,')] },
    },
  },
  {
    id: 'anthropic/empty-text',
    refuses: 'Text blocks that are empty or only white space.',
    check: ({ body }) =>
      first([...listOf(body.messages).flatMap(blocksOf), ...listOf(body.system)], ({ type, text }) => {
        if (type !== 'text' || typeof text !== 'string' || text.trim() !== '') return
        return text === ''
          ? 'messages: text content blocks must be non-empty'
          : 'messages: text content blocks must contain non-whitespace text'
      }),
    ...{ source: 'anthropics/claude-code#59812, #49171, #23440', date: '2026-05', sure: 'high' },
    example: { breaks: chat(user([{ type: 'text', text: ' ' }])), mends: { messages: [user('Hi.')] } },
  },
  {
    id: 'anthropic/empty-content',
    refuses: 'A message without content, except a last one of the assistant.',
    check: ({ body }) =>
      listOf(body.messages).some((message, index, all) => {
        const isLast = index === all.length - 1 && message.role === 'assistant'
        return blocksOf(message).length === 0 && !isLast
      })
        ? 'messages: all messages must have non-empty content except for the optional final assistant message'
        : undefined,
    ...{ source: 'anthropics/anthropic-sdk-python#461', date: '2026-01', sure: 'medium' },
    example: {
      breaks: chat(user('Hi.'), assistant([]), user('Hi?')),
      mends: { messages: [user('Hi.'), user('Hi?')] },
    },
  },
  {
    id: 'anthropic/assistant-documents',
    refuses: 'A document directly in a message of the assistant, under version 2026-10-21.',
    check: ({ headers, body }) =>
      headers['anthropic-version'] === '2026-10-21' &&
      listOf(body.messages).some(
        (one) => one.role === 'assistant' && blocksOf(one).some(({ type }) => type === 'document'),
      )
        ? 'messages: `document` blocks are not allowed in assistant messages'
        : undefined,
    ...{ source: 'platform.claude.com/docs/en/api/migration-2026-10-21', date: '2026-10', sure: 'high' },
    example: {
      breaks: chat(
        user('Hi.'),
        assistant([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } }]),
        user('Hi?'),
      ),
      mends: { messages: [user('Hi.')] },
      headers: { 'anthropic-version': '2026-10-21' },
    },
  },
  {
    id: 'anthropic/user-citations',
    refuses: 'Citations on a text of the user, under version 2026-10-21.',
    check: ({ headers, body }) =>
      headers['anthropic-version'] === '2026-10-21' &&
      listOf(body.messages).some(
        (one) =>
          one.role === 'user' &&
          blocksOf(one).some(({ type, citations }) => type === 'text' && listOf(citations).length > 0),
      )
        ? 'messages: `citations` are not allowed on text blocks of user messages'
        : undefined,
    ...{ source: 'platform.claude.com/docs/en/api/migration-2026-10-21', date: '2026-10', sure: 'high' },
    example: {
      breaks: chat(user([{ type: 'text', text: 'x', citations: [{ type: 'char_location' }] }])),
      mends: { messages: [user('x')] },
      headers: { 'anthropic-version': '2026-10-21' },
    },
  },
  {
    id: 'anthropic/thinking-blocks',
    refuses: 'Thinking blocks without a signature, without text and signature, or with cache_control.',
    check: ({ body }) =>
      first(listOf(body.messages).flatMap(blocksOf), (block) => {
        if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return
        if (block.cache_control !== undefined)
          return `${block.type}.cache_control: Extra inputs are not permitted`
        if (block.type === 'redacted_thinking') return
        return block.signature ? undefined : 'thinking.signature: Field required'
      }),
    ...{ source: 'router-for-me/CLIProxyAPI#714, #512; Wei-Shaw/sub2api#225', date: '2025-12', sure: 'high' },
    example: {
      breaks: chat(
        user('Hi.'),
        assistant([
          { type: 'thinking', thinking: 'Hm.' },
          { type: 'text', text: 'Hi.' },
        ]),
        user('Hi?'),
      ),
      mends: {
        messages: [
          user('Hi.'),
          assistant([
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'text', text: 'Hi.' },
          ]),
          user('Hi?'),
        ],
      },
    },
  },
  {
    id: 'anthropic/tool-ids',
    refuses: 'Ids of tool calls and results with other signs than letters, digits, _ and -.',
    check: ({ body }) =>
      first(listOf(body.messages).flatMap(blocksOf), ({ type, id, tool_use_id: of }) =>
        (type === 'tool_use' && !idPattern.test(id)) || (type === 'tool_result' && !idPattern.test(of))
          ? `messages: ${type}.id: String should match pattern '^[a-zA-Z0-9_-]+$'`
          : undefined,
      ),
    ...{ source: 'maximhq/bifrost#5097; HKUDS/nanobot#4356', date: '2026-07', sure: 'high' },
    example: { breaks: turns(call({ id: 'functions.look:0' }), 'functions.look:0'), mends: turns(call()) },
  },
  {
    id: 'anthropic/unique-tool-ids',
    refuses: 'Two tool calls of the request with one id.',
    check: ({ body }) => {
      const ids = listOf(body.messages)
        .flatMap(blocksOf)
        .flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []))
      return new Set(ids).size < ids.length ? 'messages: `tool_use` ids must be unique' : undefined
    },
    ...{ source: 'trycua/cua#524', date: '2025-10', sure: 'high' },
    example: {
      breaks: {
        ...chat(user('Look.'), assistant([call()]), user([result()]), assistant([call()]), user([result()])),
        tools,
      },
      mends: turns(call()),
    },
  },
  {
    id: 'anthropic/answered-calls',
    refuses:
      'A tool call without its result in the next message, and a result without its call in the message before.',
    check: ({ body }) => {
      const messages = listOf(body.messages)
      return first(messages, (message, index) => {
        const next = messages[index + 1]
        const answered = next ? blocksOf(next).map(({ tool_use_id: id }) => id) : []
        const open = blocksOf(message).filter(({ type, id }) => type === 'tool_use' && !answered.includes(id))
        if (open.length > 0 && message.role === 'assistant')
          return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.map(({ id }) => id).join(', ')}.`
        const asked = index === 0 ? [] : blocksOf(messages[index - 1] as Json).map(({ id }) => id)
        const lone = blocksOf(message).find(
          ({ type, tool_use_id: id }) => type === 'tool_result' && !asked.includes(id),
        )
        return (
          lone &&
          `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${lone.tool_use_id}.`
        )
      })
    },
    ...{ source: 'anthropics/claude-code#8612; aliasrobotics/cai#182', date: '2025-12', sure: 'high' },
    example: {
      breaks: { ...chat(user('Look.'), assistant([call()]), user('Well?')), tools },
      mends: turns(call()),
    },
  },
  {
    id: 'anthropic/tool-input',
    refuses: 'The input of a tool call that is not an object.',
    check: ({ body }) =>
      first(listOf(body.messages).flatMap(blocksOf), ({ type, input }) =>
        type === 'tool_use' && (typeof input !== 'object' || input === null || Array.isArray(input))
          ? 'messages: tool_use.input: Input should be a valid dictionary'
          : undefined,
      ),
    ...{ source: 'alphaXiv/agents#51', date: '2026-08', sure: 'high' },
    example: { breaks: turns(call({ input: '{}' })), mends: turns(call()) },
  },
  {
    id: 'anthropic/image-type',
    refuses: 'Images that are not JPEG, PNG, GIF or WebP, and base64 of more than 5 MB.',
    check: ({ body }) =>
      first(walk(body.messages), ([, { type, source }]) => {
        if (type !== 'image' || source?.type !== 'base64') return
        if (!['image/jpeg', 'image/png', 'image/gif', 'image/webp'].includes(source.media_type))
          return "image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        const size = String(source.data).length
        return size > 5_242_880 ? `image exceeds 5 MB maximum: ${size} bytes > 5242880 bytes` : undefined
      }),
    ...{ source: 'platform.claude.com docs vision; anthropic-sdk-typescript', date: '2026-08', sure: 'high' },
    example: {
      breaks: image({ type: 'base64', media_type: 'image/tiff', data: pixel }),
      mends: image({ type: 'base64', media_type: 'image/png', data: pixel }),
    },
  },
  {
    id: 'anthropic/document-type',
    refuses: 'Base64 documents other than PDF, and text documents other than text/plain.',
    check: ({ body }) =>
      first(walk(body.messages), ([, { type, source }]) => {
        if (type !== 'document') return
        const wanted = ({ base64: 'application/pdf', text: 'text/plain' } as Record<string, string>)[
          source?.type
        ]
        return wanted === undefined || source.media_type === wanted
          ? undefined
          : `document.source.${source.type}.media_type: Input should be '${wanted}'`
      }),
    ...{
      source: 'anthropic-sdk-typescript types; platform.claude.com docs pdf-support',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: chat(
        user([
          { type: 'document', source: { type: 'base64', media_type: 'text/csv', data: 'YQ==' } },
          { type: 'text', text: '?' },
        ]),
      ),
      mends: {
        messages: [
          user([
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' } },
            { type: 'text', text: '?' },
          ]),
        ],
      },
    },
  },
  {
    id: 'anthropic/four-breakpoints',
    refuses: 'More than four cache_control in tools, system and messages.',
    check: ({ body }) => {
      const count = [...breakpoints(body)].length + (body.cache_control ? 1 : 0)
      return count > 4
        ? `A maximum of 4 blocks with cache_control may be provided. Found ${count}.`
        : undefined
    },
    ...{ source: 'tghamm/Anthropic.SDK#50; Wei-Shaw/sub2api#176', date: '2026-01', sure: 'high' },
    example: {
      breaks: chat(user(['a', 'b', 'c', 'd', 'e'].map((text) => cached(text)))),
      mends: { messages: [user(['a', 'b', 'c', 'd'].map((text) => cached(text)))] },
    },
  },
  {
    id: 'anthropic/breakpoint-ttl',
    refuses:
      'cache_control with another type than ephemeral, another ttl than 5m and 1h, or a 1h after a 5m.',
    check: ({ body }) => {
      let short = false
      return first(breakpoints(body), ({ type, ttl = '5m', ...rest }) => {
        if (type !== 'ephemeral') return "cache_control.type: Input should be 'ephemeral'"
        if (!['5m', '1h'].includes(ttl)) return "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
        const [extra] = Object.keys(rest)
        if (extra) return `cache_control.ephemeral.${extra}: Extra inputs are not permitted`
        if (ttl === '1h' && short)
          return "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"
        short ||= ttl === '5m'
        return undefined
      })
    },
    ...{
      source: 'vellum-assistant#22191; headroom#2939; cnighswonger/claude-code-cache-fix#44',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: chat(user([cached('a'), cached('b', { ttl: '1h' })])),
      mends: { messages: [user([cached('a', { ttl: '1h' }), cached('b')])] },
    },
  },
]
