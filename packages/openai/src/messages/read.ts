// Reads messages in OpenAI's forms: checks.
import { LlmError, type Message, type Part } from '@patchbay/core'
import { fieldsOf, isObject, type LeftOut, parseDataUrl, parseInput } from '@patchbay/core/wire'

/** Adds the result of a tool: the results of one answer stand in one message. */
export function addResult(messages: Message[], result: Part): void {
  const last = messages.at(-1)
  if (last?.role === 'tool') (last.content as Part[]).push(result)
  else messages.push({ role: 'tool', content: [result] })
}

export function listOf(value: unknown, where: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(where, 'must be a list')
  return value
}

export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}

/** Reports the fields that are not known, except empty ones. `of`: the object, for the report: `tool_calls.` */
export function reportOthers(fields: object, known: readonly string[], of: string, lost: LeftOut): void {
  for (const [name, value] of Object.entries(fields))
    if (!known.includes(name) && !isEmpty(value)) lost(`${of}${name}`)
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/** The arguments of a call, as JSON text or, from some servers, as they are. */
export function toInput(given: unknown, where: string): unknown {
  if (typeof given === 'string') return parseInput(given)
  if (given === undefined || given === null) return {}
  if (!isObject(given)) throw invalid(where, 'must be JSON text')
  return given
}

/** A file of a data URL, or of base64 alone, which is a PDF unless its name says otherwise. */
export function fileData(
  data: string,
  filename: unknown,
): { data: string; mediaType: string; name?: string } {
  const name = typeof filename === 'string' ? { name: filename } : {}
  const isOther = typeof filename === 'string' && !/\.pdf$/i.test(filename)
  const bare = { data, mediaType: isOther ? 'application/octet-stream' : 'application/pdf' }
  return { ...(parseDataUrl(data) ?? bare), ...name }
}

/** The cache mark of a message or of its parts: `cache_control`, as OpenRouter and others take it. */
export function cacheOf(message: object, content: unknown, lost: LeftOut): Pick<Message, 'cache'> {
  const marks = [...(Array.isArray(content) ? content : []), message].map(
    (one) => fieldsOf(one).cache_control,
  )
  const mark = marks.findLast(Boolean)
  if (mark === undefined) return {}
  if (marks.slice(0, -2).some(Boolean))
    lost(
      'cache_control',
      'Patchbay has cache marks after whole messages only.',
      'The mark of a part was moved to the end of its message.',
    )
  const { ttl } = fieldsOf(mark)
  return { cache: ttl === '5m' || ttl === '1h' ? { ttl } : true }
}
