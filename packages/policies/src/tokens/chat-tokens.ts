// Tokens of a chat by the characters of its texts, for decisions that policies take at every call.
import { familyOf } from './families.js'
import { type CountedChat, requestTokens } from './request-tokens.js'
import { byCharacters, textTokens } from './text-tokens.js'

/** Estimated input tokens of a chat for this model. */
export function chatTokens(chat: CountedChat, model: string): number {
  return requestTokens(chat, textTokens, familyOf(model))
}

/** The relative error of such an estimate, of nine of ten. */
export function errorOf(model: string): number {
  return familyOf(model).error + byCharacters
}
