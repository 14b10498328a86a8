// Text of messages is never control: texts that the vocabulary has a sign for are cut, and their parts tokenised separately.
import type { LlamaModel, Token } from 'node-llama-cpp'

/** Shapes of control tokens, for those that llama.cpp loads as tokens of the user (`<|end|>` of gpt-oss). */
const controlShape = /^(<[|｜][^<>]*>|<[^<>|｜]*[|｜]>)$/

/**
 * Tags of thoughts, calls and results. Families of models share vocabularies: one whose template writes no thoughts may have learnt
 * their tags all the same (Qwen3-Coder has those of Qwen3).
 */
const framingTag = /^<\/?(\w+:)?(think|thinking|tool_calls?|tool_response|arg_key|arg_value)>$/

/**
 * Texts of the tokens that may not come from a message, longer ones first: control tokens, and tokens of the user that the
 * template's texts contain, that look like control tokens, or are tags of thoughts and calls. Others, such as tags of HTML or
 * runs of spaces, are ordinary text.
 */
export function guardedTexts(
  model: Pick<LlamaModel, 'iterateAllTokens' | 'isEogToken' | 'detokenize' | 'getTokenAttributes'>,
  templateTexts: string,
): string[] {
  const texts = new Set<string>()
  for (const token of model.iterateAllTokens()) {
    const { control: isControl, unknown, userDefined } = model.getTokenAttributes(token)
    const control = isControl || unknown || model.isEogToken(token)
    if (!control && !userDefined) continue
    const text = model.detokenize([token], true)
    const frames = controlShape.test(text) || framingTag.test(text) || templateTexts.includes(text)
    if (control || (text.trim().length > 1 && frames)) texts.add(text)
  }
  texts.delete('')
  return [...texts].sort((a, b) => b.length - a.length)
}

/**
 * A character that stands where a text is cut: one that occurs in none of these texts. A single one, of no case and of no
 * meaning in JSON, HTML or URLs, so that no filter of a template changes it.
 */
export function cutMark(values: unknown): string {
  const texts = JSON.stringify(values)
  for (let code = 0xe000; ; code++) {
    const mark = String.fromCodePoint(code)
    if (!texts.includes(mark)) return mark
  }
}

/** A copy of the value in which every guarded text is cut after its first character. */
export function cutAll<T>(value: T, guarded: readonly string[], mark: string): T {
  const cut = (item: unknown): unknown => {
    if (typeof item === 'string') return cutText(item, guarded, mark)
    if (Array.isArray(item)) return item.map(cut)
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(
      Object.entries(item).map(([key, value]) => [cutText(key, guarded, mark), cut(value)]),
    )
  }
  return cut(value) as T
}

function cutText(content: string, guarded: readonly string[], mark: string): string {
  let text = content
  for (const token of guarded) {
    if (!text.includes(token)) continue
    const head = String.fromCodePoint(token.codePointAt(0) as number)
    text = text.replaceAll(token, head + mark + token.slice(head.length))
  }
  return text
}

/** The parts of a rendered text between the cuts; `\ue000` is how a template writes the mark in ASCII. */
export function splitAtCuts(text: string, mark: string): string[] {
  const escaped = `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.replaceAll(escaped, mark).split(mark)
}

/**
 * Tokens of a text that goes on after a cut. SentencePiece puts a space before each text that is tokenised, unless a line
 * break, which is a token of its own there, stands before it.
 */
export function tokenizeRest(model: Pick<LlamaModel, 'tokenize'>, text: string): Token[] {
  const [space, lineBreak, ...more] = model.tokenize('\n', false)
  const addsSpace = space !== undefined && lineBreak !== undefined && more.length === 0
  if (!addsSpace) return model.tokenize(text, true)
  const tokens = model.tokenize(`\n${text}`, true)
  return tokens.slice(tokens.indexOf(lineBreak) + 1)
}
