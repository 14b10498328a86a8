// Check that a prompt says all that the request says: templates silently leave out what they have no place for.
import type { TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { escapeHtml } from '../jinja/filters.js'

/** @throws {JobError} `unsupported` if the text lacks a tool, a call, or the text of a message */
export function checkNothingLost(
  messages: TemplateMessage[],
  tools: TemplateTool[] | undefined,
  text: string,
): void {
  if (!(tools ?? []).every(({ function: { name } }) => text.includes(name)))
    throw new JobError(
      'unsupported',
      "The model's chat template does not support tools. Leave them out, or use a model that supports tools.",
    )
  for (const { role, content, tool_calls = [] } of messages) {
    const expected = tool_calls.map((call) => call.function.name)
    // Templates of reasoning models remove thinking from earlier answers on purpose.
    if (!content.includes('</think>')) expected.push(content.trim())
    if (expected.every((part) => says(text, part))) continue
    throw new JobError(
      'unsupported',
      `The model's chat template leaves out the text${tool_calls.length > 0 ? ' or the tool calls' : ''} of a ${role} message. Remove this message, or use another model.`,
    )
  }
}

/** The part as it is, or as JSON or XML have to write it. */
function says(text: string, part: string): boolean {
  if (text.includes(part)) return true
  const json = JSON.stringify(part).slice(1, -1)
  const ascii = json.replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const xml = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return [json, ascii, xml, escapeHtml(part)].some((form) => text.includes(form))
}
