// Tokens of a prepared chat, by a function that counts a text.
import type { Part, PreparedChat } from '@patchbay/core'
import { isMedia } from '@patchbay/core/wrap'
import type { Family } from './families.js'

// What services count for an image of ordinary size. Source: platform.claude.com/docs/en/build-with-claude/vision,
// platform.openai.com/docs/guides/images-vision, November 2026.
const tokensPerImage = 1600
// Roles, separators and so on.
const tokensPerMessage = 4
const tokensPerCall = 8
const tokensPerTool = 8
// Content of a block that only its service reads, such as search results.
const charactersPerToken = 4

/** What of a chat has tokens. */
export type CountedChat = Pick<PreparedChat, 'messages' | 'tools'> & {
  output?: PreparedChat['output'] | undefined
}

/** Input tokens of a chat for a model of this family; `count` counts a text. */
export function requestTokens(
  { messages, tools, output }: CountedChat,
  count: (text: string) => number,
  family: Family,
): number {
  let texts = 0
  let fixed = tools.length === 0 ? 0 : family.forTools + tools.length * tokensPerTool
  const add = (part: Part): void => {
    if (isMedia(part)) fixed += tokensPerImage
    else if (part.type === 'tool-call') {
      fixed += tokensPerCall
      texts += count(part.name) + count(JSON.stringify(part.input) ?? '')
    } else if (part.type === 'tool-result') {
      fixed += tokensPerCall
      if (typeof part.output === 'string') texts += count(part.output)
      else part.output.forEach(add)
    } else if (part.type === 'provider-block')
      fixed += (JSON.stringify(part.opaque?.data)?.length ?? 0) / charactersPerToken
    else texts += count(part.text)
  }
  for (const { content } of messages) {
    fixed += tokensPerMessage
    content.forEach(add)
  }
  for (const { name, description, schema } of tools)
    texts += count(JSON.stringify({ name, description, schema }))
  if (output?.schema !== undefined) texts += count(JSON.stringify(output.schema))
  return texts * family.factor + fixed
}
