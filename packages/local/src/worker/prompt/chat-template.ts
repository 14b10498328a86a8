// Chat template of a model: renders messages as prompt tokens, and adds no text of its own. Text of a message that looks
// like a control token stays text: it is split before the template is rendered, and its parts are tokenised separately.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob, TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'
import { type CallFormat, detectCallFormat } from '../answer/call-format.js'
import { detectThinkingFormat, type ThinkingFormat } from '../answer/thinking-format.js'
import { JobError } from '../failure.js'
import { JinjaTemplate, TemplateRefusal } from '../jinja/jinja.js'

// Characters of the longest token in known vocabularies (128 spaces): a prompt with more characters for each token of
// the context cannot fit.
export const longestToken = 128

type PromptRequest = Pick<ChatJob, 'messages' | 'tools' | 'forcedCall' | 'json' | 'reasoning'>

/** Where the model is at the start of its answer: it may think, is thinking, or has thought. */
export type ThinkingState = 'possible' | 'started' | 'finished'

export interface RenderedPrompt {
  tokens: Token[]
  /** The parts that were tokenised separately: a control token in a message is split between two of them. */
  pieces: { text: string; tokens: Token[] }[]
  thinking: ThinkingState
}

export class ChatTemplate {
  readonly #model: LlamaModel
  readonly #template: JinjaTemplate
  readonly #controlTokens: string[]
  /** Format of the model's tool calls; `undefined` if it has none. */
  readonly calls: CallFormat | undefined
  /** Format of the model's thinking; `undefined` if it does not think. */
  readonly thinking: ThinkingFormat | undefined

  /**
   * The given template, or the model's own one; `undefined` if there is none.
   * @throws {JobError} `model-load` for a template that cannot be parsed
   */
  static of(model: LlamaModel, override?: string): ChatTemplate | undefined {
    const source = override ?? model.fileInfo.metadata.tokenizer.chat_template
    return source === undefined ? undefined : new ChatTemplate(model, source)
  }

  constructor(model: LlamaModel, source: string) {
    this.#model = model
    try {
      this.#template = new JinjaTemplate(source)
    } catch (cause) {
      throw new JobError(
        'model-load',
        `The chat template cannot be parsed: ${errorMessage(cause)}. Pass another one as \`chatTemplate\` (Jinja).`,
      )
    }
    this.#controlTokens = controlTokenTexts(model)
    this.calls = detectCallFormat((messages, tools) => this.#renderText(messages, tools, false))
    this.thinking = detectThinkingFormat(
      (messages, addPrompt) => this.#renderText(messages, undefined, addPrompt),
      source,
    )
  }

  /**
   * The tokens of a prompt.
   * @throws {JobError} `unsupported` if the template refuses the conversation
   */
  tokens(request: PromptRequest): Token[] {
    return this.render(request).tokens
  }

  /**
   * The tokens of a prompt, and whether the model is thinking at its end.
   * @throws {JobError} `unsupported` if the template refuses the conversation
   */
  render({ messages, tools, forcedCall, json, reasoning }: PromptRequest): RenderedPrompt {
    const separator = unusedSeparator([messages, tools])
    const messagesToRender = this.#splitAll(messages, separator) as TemplateMessage[]
    const toolsToRender = tools && (this.#splitAll(tools, separator) as TemplateTool[])
    const { bos, bosString, shouldPrependBosToken } = this.#model.tokens
    let text: string
    try {
      text = this.#renderText(messagesToRender, toolsToRender, true, reasoning)
    } catch (cause) {
      throw new JobError('unsupported', refusalMessage(cause))
    }
    checkNothingLost(messagesToRender, toolsToRender, text)
    const noThinking =
      forcedCall !== undefined || reasoning === 'off' || (json !== undefined && reasoning === undefined)
    // JSON has a grammar from its first token on, so thinking before it must be started by the prompt.
    const mode = noThinking ? 'off' : json !== undefined ? 'required' : 'optional'
    const { suffix, thinking } = this.#thinkingSuffix(text, mode)
    text += suffix
    if (forcedCall !== undefined && this.calls !== undefined) text += this.calls.open + this.calls.separator
    const pieces = text.split(separator).map((piece, index) => ({
      text: piece,
      tokens: this.#model.tokenize(piece, true, index === 0 ? undefined : 'trimLeadingSpace'),
    }))
    if (shouldPrependBosToken && bos !== null && pieces[0]?.tokens[0] !== bos)
      pieces.unshift({ text: bosString ?? '', tokens: [bos] })
    return { tokens: pieces.flatMap(({ tokens }) => tokens), pieces, thinking }
  }

  /** The text after the prompt that makes the model think, or not think. */
  #thinkingSuffix(
    text: string,
    mode: 'required' | 'optional' | 'off',
  ): { suffix: string; thinking: ThinkingState } {
    if (this.thinking === undefined) return { suffix: '', thinking: 'finished' }
    const { open, close } = this.thinking
    const end = text.trimEnd()
    if (end.endsWith(close)) return { suffix: '', thinking: 'finished' }
    const started = end.endsWith(open)
    // An empty thought switches thinking off.
    if (mode === 'off') return { suffix: `${started ? '' : open}\n\n${close}\n\n`, thinking: 'finished' }
    if (started) return { suffix: '', thinking: 'started' }
    return mode === 'required'
      ? { suffix: `${open}\n`, thinking: 'started' }
      : { suffix: '', thinking: 'possible' }
  }

  /**
   * A quick check before any work.
   * @throws {JobError} `context-length` for a prompt that cannot fit
   */
  checkLength({ messages, tools = [] }: Pick<ChatJob, 'messages' | 'tools'>, contextSize: number): void {
    const characters = [...messages, ...tools].reduce(
      (sum, message) => sum + JSON.stringify(message).length,
      0,
    )
    if (characters > contextSize * longestToken)
      throw promptTooLong(`more than ${Math.floor(characters / longestToken)}`, contextSize)
  }

  #renderText(
    messages: TemplateMessage[],
    tools: TemplateTool[] | undefined,
    addGenerationPrompt: boolean,
    reasoning?: ChatJob['reasoning'],
  ): string {
    const { bosString, eosString } = this.#model.tokens
    return this.#template.render({
      messages,
      add_generation_prompt: addGenerationPrompt,
      bos_token: bosString ?? '',
      eos_token: eosString ?? '',
      ...(tools && { tools }),
      // Templates have no common variable for this; each reads the one it knows.
      ...(reasoning !== undefined && {
        enable_thinking: reasoning !== 'off',
        thinking: reasoning !== 'off',
        ...(reasoning !== 'off' && { reasoning_effort: reasoning }),
      }),
    })
  }

  /** A copy of the value in which every control token is split. */
  #splitAll(value: unknown, separator: string): unknown {
    if (typeof value === 'string') return this.#split(value, separator)
    if (Array.isArray(value)) return value.map((item) => this.#splitAll(item, separator))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        this.#split(key, separator),
        this.#splitAll(item, separator),
      ]),
    )
  }

  #split(content: string, separator: string): string {
    let text = content
    for (const control of this.#controlTokens) {
      if (!text.includes(control)) continue
      const head = String.fromCodePoint(control.codePointAt(0) as number)
      text = text.replaceAll(control, head + separator + control.slice(head.length))
    }
    return text
  }
}

/** Templates silently leave out what they do not know, such as tools or a second system message. */
function checkNothingLost(
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
    if (expected.every((part) => text.includes(part))) continue
    throw new JobError(
      'unsupported',
      `The model's chat template leaves out the text${tool_calls.length > 0 ? ' or the tool calls' : ''} of a ${role} message. Remove this message, or use another model.`,
    )
  }
}

/** What the template refuses is the caller's to change; what the Jinja engine cannot do is not. */
function refusalMessage(cause: unknown): string {
  return cause instanceof TemplateRefusal
    ? `The model's chat template refuses this conversation: ${cause.message}. Change the order or the roles of the messages.`
    : `The model's chat template cannot be rendered for this conversation: ${errorMessage(cause)}. Pass another one as \`chatTemplate\` (Jinja).`
}

export function promptTooLong(tokens: string | number, contextSize: number): JobError {
  return new JobError(
    'context-length',
    `The prompt has ${tokens} tokens; the context holds ${contextSize}, answer included. Shorten the conversation, or raise \`context\` if the model allows it.`,
  )
}

/** Texts of the control tokens, longer ones first. */
function controlTokenTexts(model: LlamaModel): string[] {
  const texts = new Set<string>()
  for (const token of model.iterateAllTokens())
    if (model.isSpecialToken(token)) texts.add(model.detokenize([token], true))
  texts.delete('')
  return [...texts].sort((a, b) => b.length - a.length)
}

/** A text that does not occur in the messages. */
function unusedSeparator(values: unknown): string {
  const texts = JSON.stringify(values)
  for (let tries = 0; ; tries++) {
    const separator = `\uE000cut${tries}\uE001`
    if (!texts.includes(separator)) return separator
  }
}

function errorMessage(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
