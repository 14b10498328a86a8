// The service's rules for the shape of a request, as published. Each returns what is wrong, or nothing.
// Sources: platform.claude.com/docs, refusals quoted in public reports of 2025 and 2026, @anthropic-ai/sdk 1.14.0.

type Json = Record<string, unknown>

/** A request to the Messages API. */
export interface JudgedRequest {
  body: Json
  version: unknown
}

/** All rules that a request breaks. */
export function brokenRules({ body, version }: JudgedRequest): string[] {
  const broken = new Set<string>()
  const check = (rule: string, isKept: boolean) => {
    if (!isKept) broken.add(rule)
  }
  for (const name of Object.keys(body)) check(`${name}: Extra inputs are not permitted`, fields.has(name))
  const isSampled = ['temperature', 'top_p', 'top_k'].some((name) => name in body)
  check('temperature: Extra inputs are not permitted', !isSampled || version === '2023-06-01')
  const messages = body.messages as { role: string; content: Json[] }[]
  check('messages: at least one message is required', messages.length > 0)
  check('first message must be user', messages[0]?.role === 'user')
  check(
    'roles must alternate',
    messages.every(({ role }, index) => role === (index % 2 ? 'assistant' : 'user')),
  )
  const blocks = [...((body.system ?? []) as Json[]), ...messages.flatMap(({ content }) => content)]
  const inner = blocks.flatMap(({ content }) => (Array.isArray(content) ? (content as Json[]) : []))
  for (const { content } of messages) check('all messages must have non-empty content', content.length > 0)
  for (const { type, text } of [...blocks, ...inner])
    check('text must contain non-whitespace', type !== 'text' || String(text).trim() !== '')
  const end = messages.at(-1)?.content.at(-1)
  if (messages.at(-1)?.role === 'assistant' && end?.type === 'text')
    check('trailing whitespace', String(end.text) === String(end.text).trimEnd())

  const calls = blocks.filter(({ type }) => type === 'tool_use')
  const ids = calls.map(({ id }) => String(id))
  check('`tool_use` ids must be unique', new Set(ids).size === ids.length)
  for (const { id, name, input } of calls) {
    check('tool_use.id: String should match pattern', /^[a-zA-Z0-9_-]+$/.test(String(id)))
    check('tool_use.name: at most 200 characters', String(name).length <= 200)
    const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
    check('tool_use.input: Input should be a valid dictionary', isObject)
  }
  for (const [index, { role, content }] of messages.entries()) {
    const asked = content.filter(({ type }) => type === 'tool_use').map(({ id }) => id)
    const next = messages[index + 1]?.content ?? []
    const answered = next.slice(0, asked.length).map(({ tool_use_id: id }) => id)
    check(
      '`tool_use` ids were found without `tool_result`',
      asked.every((id) => answered.includes(id)),
    )
    const before = messages[index - 1]?.content.map(({ id }) => id) ?? []
    for (const { type, tool_use_id: id } of content)
      check('unexpected `tool_use_id`', type !== 'tool_result' || before.includes(id))
    if (role === 'assistant')
      for (const { type } of content) check('media in an answer', type !== 'document' && type !== 'image')
    else for (const { citations } of content) check('citations in a user message', citations === undefined)
  }
  for (const { type, is_error: isError, content } of blocks)
    if (type === 'tool_result' && isError)
      check(
        'all content must be type text',
        !Array.isArray(content) || content.every((one) => one.type === 'text'),
      )
  for (const { type, source } of [...blocks, ...inner] as { type: string; source: Json }[]) {
    const allowed = type === 'image' ? images : type === 'document' ? documents : undefined
    if (allowed && source.type === 'base64') check('media_type', allowed.has(String(source.media_type)))
  }
  const marks = blocks
    .map(({ cache_control: mark }) => mark as { ttl?: string } | undefined)
    .filter((mark) => mark)
  check('A maximum of 4 blocks with cache_control', marks.length <= 4)
  const hours = marks.map((mark) => mark?.ttl === '1h')
  check(
    "a ttl='1h' must not come after a ttl='5m'",
    hours.lastIndexOf(true) <= hours.lastIndexOf(true, hours.indexOf(false) >>> 0),
  )
  for (const tool of (body.tools ?? []) as { input_schema: Json }[]) {
    check("input_schema.type: Input should be 'object'", tool.input_schema.type === 'object')
    const top = ['oneOf', 'anyOf', 'allOf'].some((name) => name in tool.input_schema)
    check('input_schema does not support oneOf, allOf, or anyOf at the top level', !top)
  }
  check(
    'tool_choice may only be specified while providing tools',
    !('tool_choice' in body) || 'tools' in body,
  )
  return [...broken]
}

const fields = new Set(
  'model max_tokens messages system tools tool_choice temperature top_p top_k stop_sequences thinking output_config stream metadata'.split(
    ' ',
  ),
)
const images = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const documents = new Set(['application/pdf'])

/** What of a request the model refuses, by family. Source: the model pages and migration guides, November 2026. */
export function brokenModelRules(model: string, { body }: JudgedRequest): string[] {
  const broken: string[] = []
  const type = (body.thinking as { type?: string } | undefined)?.type
  const choice = (body.tool_choice as { type?: string } | undefined)?.type
  const isForced = choice === 'any' || choice === 'tool'
  const last = (body.messages as { role: string; content: Json[] }[]).at(-1)
  const effort = (body.output_config as { effort?: string } | undefined)?.effort
  const check = (rule: string, models: RegExp, isBroken: boolean) => {
    if (isBroken && models.test(model)) broken.push(rule)
  }
  const thinks = type === 'enabled' || type === 'adaptive'
  const fixed = /opus-4-[78]|(opus|sonnet|haiku|fable|mythos)-5/
  check('sampling', fixed, 'temperature' in body || 'top_p' in body || 'top_k' in body)
  check('temperature and top_p', /-4-[156]/, 'temperature' in body && 'top_p' in body)
  check('temperature above 1', /./, Number(body.temperature ?? 0) > 1)
  check('temperature while thinking', /./, thinks && 'temperature' in body && body.temperature !== 1)
  check('top_k while thinking', /./, thinks && 'top_k' in body)
  check('thinking.type.enabled', fixed, type === 'enabled')
  check('adaptive thinking', /-4-[15]|claude-3/, type === 'adaptive')
  check('thinking.type.disabled', /opus-5-5|sonnet-5-5|fable|mythos/, type === 'disabled')
  check('between_tools', /^(?!.*sonnet-5-5)/, type === 'between_tools')
  check('effort', /-4-5|opus-4-1|claude-3/, effort !== undefined)
  check('forced tools', /opus-5-5|sonnet-5-5|fable|mythos/, isForced)
  check('forced tools while thinking', /-4-[1567]/, isForced && thinks)
  const isPrefill = last?.role === 'assistant'
  check('prefill', /-4-[678]|(opus|sonnet|haiku|fable|mythos)-5/, isPrefill)
  check('prefill while thinking', /./, isPrefill && thinks)
  check(
    'structured output',
    /claude-3|opus-4-0|sonnet-4-0/,
    (body.output_config as Json)?.format !== undefined,
  )
  const budget = (body.thinking as { budget_tokens?: number } | undefined)?.budget_tokens
  check('budget_tokens', /./, budget !== undefined && (budget < 1_024 || budget >= Number(body.max_tokens)))
  return broken
}
