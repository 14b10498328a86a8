// Checks the parts of messages. Loaded with the first message that is more than a string.

import { Yielder } from '../call/event-loop.js'
import { invalid, isLlmError, LlmError } from '../contract/errors.js'
import type { Part, Role } from '../contract/message.js'
import type { Warning } from '../contract/response.js'
import { isObject } from '../object.js'
import { unloadable } from './caller-objects.js'
import { jsonValue } from './json-value.js'
import { wellFormed } from './unicode.js'

const inputParts = new Set(['text', 'image', 'file', 'audio'])
const partsByRole: Record<Role, Set<string>> = {
  system: new Set(['text']),
  user: new Set([...inputParts, 'tool-result']),
  assistant: new Set([...inputParts, 'reasoning', 'tool-call', 'refusal', 'provider-block', 'tool-result']),
  tool: new Set(['tool-result']),
}

/**
 * The parts as a backend gets them.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function prepareContentParts(
  content: Part[],
  role: Role,
  where: string,
  warnings: Warning[],
): Promise<Part[]> {
  return prepareParts(
    content,
    partsByRole[role],
    `${role === 'assistant' ? 'an' : 'a'} ${role} message`,
    where,
    warnings,
  )
}

async function prepareParts(
  parts: Part[],
  allowed: Set<string>,
  holder: string,
  where: string,
  warnings: Warning[],
): Promise<Part[]> {
  const prepared: Part[] = []
  const yielder = new Yielder()
  for (const [index, part] of parts.entries()) {
    await yielder.yieldIfDue()
    const at = `${where}[${index}]`
    if (!isObject(part) || !allowed.has(part.type))
      throw invalid(
        at,
        `has a part of type ${JSON.stringify(part?.type)}, which ${holder} cannot hold${await adviceFor(part)}`,
      )
    try {
      prepared.push(...(await preparePart(part, at, warnings)))
    } catch (error) {
      const advice = await adviceFor(part)
      if (advice === '' || !isLlmError(error)) throw error
      throw new LlmError(error.code, `${error.message.replace(/\.$/, '')}${advice}.`, { cause: error.cause })
    }
  }
  return prepared
}

const adviceFor = async (part: unknown) =>
  (await import('./foreign-messages.js').catch(unloadable)).partAdvice(part)

async function preparePart(original: Part, at: string, warnings: Warning[]): Promise<Part[]> {
  const part = withoutLoneSurrogates(original, warnings)
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      if (typeof part.text !== 'string') throw invalid(`${at}.text`, 'must be a string')
      if (part.text === '' && part.opaque === undefined) return []
      if (part.type !== 'text' || part.citations === undefined) return [part]
      if (!Array.isArray(part.citations)) throw invalid(`${at}.citations`, 'must be a list of citations')
      return [{ ...part, citations: jsonValue(part.citations, `${at}.citations`, warnings) }]
    case 'image':
    case 'file':
    case 'audio':
      return [await (await import('./media.js').catch(unloadable)).prepareMedia(part, at, warnings)]
    case 'tool-call':
      if (typeof part.id !== 'string' || typeof part.name !== 'string')
        throw invalid(at, 'needs an id and a name')
      checkId(part.id, at)
      return [{ ...part, input: jsonValue(part.input, `${at}.input`, warnings) }]
    case 'tool-result': {
      if (typeof part.id !== 'string') throw invalid(`${at}.id`, 'must name the tool call it answers')
      checkId(part.id, at)
      const { output } = part
      if (typeof output === 'string') return [part]
      if (!Array.isArray(output))
        throw invalid(`${at}.output`, 'must be a string or a list of parts; JSON.stringify other values')
      return [
        {
          ...part,
          output: await prepareParts(output, inputParts, 'a tool result', `${at}.output`, warnings),
        },
      ]
    }
    case 'provider-block':
      return [part]
  }
}

// Some servers put a model's state into call ids, which takes a few KB. Ids are compared, and quoted in warnings.
const maxIdLength = 65_536

function checkId(id: string, at: string): void {
  if (id.length > maxIdLength) throw invalid(`${at}.id`, `must have at most ${maxIdLength} characters`)
}

/** The part without lone surrogates in its texts. Base64 has none, and opaque state is never changed. */
function withoutLoneSurrogates<P extends Part>(part: P, warnings: Warning[]): P {
  const repaired: Record<string, string> = {}
  for (const [key, value] of Object.entries(part))
    if (key !== 'data' && typeof value === 'string') repaired[key] = wellFormed(value, warnings)
  return { ...part, ...repaired }
}
