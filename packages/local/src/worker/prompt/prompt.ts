// From messages to tokens, by the model's own chat template, with no word added. What looks like a control token
// inside a message stays text: it is cut in two before the template sees it, and the halves are tokenised apart.
import { Template } from '@huggingface/jinja'
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob, TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'
import { type CallFormat, callFormat } from '../answer/call-format.js'
import { type ThinkFormat, thinkFormat } from '../answer/think-format.js'
import { JobError } from '../failure.js'

// The longest token of known vocabularies is 128 spaces. A prompt of more characters than this cannot fit.
export const longestToken = 128

type PromptJob = Pick<ChatJob, 'messages' | 'tools' | 'mustCall' | 'json' | 'reasoning'>

export class Prompt {
  readonly #model: LlamaModel
  readonly #template: Template
  readonly #controls: string[]
  /** How the model writes tool calls, where it can. */
  readonly calls: CallFormat | undefined
  /** How it writes its thinking, where it thinks. */
  readonly thinking: ThinkFormat | undefined

  /**
   * By the given template or the model's own; `undefined` when there is none.
   * @throws {JobError} `model-load` for one that does not parse
   */
  static of(model: LlamaModel, override?: string): Prompt | undefined {
    const source = override ?? model.fileInfo.metadata.tokenizer.chat_template
    return source === undefined ? undefined : new Prompt(model, source)
  }

  constructor(model: LlamaModel, source: string) {
    this.#model = model
    try {
      this.#template = new Template(source)
    } catch (cause) {
      throw new JobError(
        'model-load',
        `The chat template does not parse: ${message(cause)}. Pass another as \`chatTemplate\` (Jinja).`,
      )
    }
    this.#controls = controlTokens(model)
    this.calls = callFormat((messages, tools) => this.#render(messages, tools, false))
    this.thinking = thinkFormat((messages, prompt) => this.#render(messages, undefined, prompt), source)
  }

  /**
   * The tokens of a conversation, ready for the answer.
   * @throws {JobError} `unsupported` when the template refuses the conversation
   */
  tokens(job: PromptJob): Token[] {
    return this.begin(job).tokens
  }

  /** The same, and where in its answer the model then stands: before its thinking, inside it, or past it. */
  begin({ messages, tools, mustCall, json, reasoning }: PromptJob): {
    tokens: Token[]
    thinking: 'possible' | 'begun' | 'past'
  } {
    const mark = unusedMark([messages, tools])
    const guarded = this.#guarded(messages, mark) as TemplateMessage[]
    const guardedTools = tools && (this.#guarded(tools, mark) as TemplateTool[])
    const { bos, shouldPrependBosToken } = this.#model.tokens
    let text: string
    try {
      text = this.#render(guarded, guardedTools, true, reasoning)
    } catch (cause) {
      throw new JobError(
        'unsupported',
        `The model's chat template refuses this conversation: ${message(cause)}. Change the order or the roles of the messages.`,
      )
    }
    checkNothingLost(guarded, guardedTools, text)
    const never =
      mustCall !== undefined || reasoning === 'off' || (json !== undefined && reasoning === undefined)
    // JSON is under a grammar from its first token, so thinking before it must have begun by then.
    const { lead, thinking } = this.#lead(text, never ? 'never' : json !== undefined ? 'must' : 'may')
    text += lead
    if (mustCall !== undefined && this.calls !== undefined) text += this.calls.open + this.calls.lead
    const tokens = text
      .split(mark)
      .flatMap((piece, index) =>
        this.#model.tokenize(piece, true, index === 0 ? undefined : 'trimLeadingSpace'),
      )
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos)
    return { tokens, thinking }
  }

  /** What has to follow the prompt for the model to think, or not to. */
  #lead(
    text: string,
    wish: 'must' | 'may' | 'never',
  ): { lead: string; thinking: 'possible' | 'begun' | 'past' } {
    if (this.thinking === undefined) return { lead: '', thinking: 'past' }
    const { open, close } = this.thinking
    const end = text.trimEnd()
    if (end.endsWith(close)) return { lead: '', thinking: 'past' }
    const begun = end.endsWith(open)
    // An empty thought is how models are told that there is nothing to think about.
    if (wish === 'never') return { lead: `${begun ? '' : open}\n\n${close}\n\n`, thinking: 'past' }
    if (begun) return { lead: '', thinking: 'begun' }
    return wish === 'must' ? { lead: `${open}\n`, thinking: 'begun' } : { lead: '', thinking: 'possible' }
  }

  /** @throws {JobError} `context-length` for what cannot fit, before any time is spent on it */
  checkLength({ messages, tools = [] }: Pick<ChatJob, 'messages' | 'tools'>, contextSize: number): void {
    const characters = [...messages, ...tools].reduce(
      (sum, message) => sum + JSON.stringify(message).length,
      0,
    )
    if (characters > contextSize * longestToken)
      throw tooLong(`more than ${Math.floor(characters / longestToken)}`, contextSize)
  }

  #render(
    messages: TemplateMessage[],
    tools: TemplateTool[] | undefined,
    prompt: boolean,
    reasoning?: ChatJob['reasoning'],
  ): string {
    const { bosString, eosString } = this.#model.tokens
    return this.#template.render({
      messages,
      add_generation_prompt: prompt,
      bos_token: bosString ?? '',
      eos_token: eosString ?? '',
      ...(tools && { tools }),
      // Templates have no common word for it; each takes the one it knows.
      ...(reasoning !== undefined && {
        enable_thinking: reasoning !== 'off',
        thinking: reasoning !== 'off',
        ...(reasoning !== 'off' && { reasoning_effort: reasoning }),
      }),
    })
  }

  /** The same value, in which no string holds a control token. */
  #guarded(value: unknown, mark: string): unknown {
    if (typeof value === 'string') return this.#guard(value, mark)
    if (Array.isArray(value)) return value.map((item) => this.#guarded(item, mark))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.#guard(key, mark), this.#guarded(item, mark)]),
    )
  }

  #guard(content: string, mark: string): string {
    let text = content
    for (const control of this.#controls) {
      if (!text.includes(control)) continue
      const head = String.fromCodePoint(control.codePointAt(0) as number)
      text = text.replaceAll(control, head + mark + control.slice(head.length))
    }
    return text
  }
}

/** A template that knows no tools, or only one system message, would leave out the rest without a word. */
function checkNothingLost(
  messages: TemplateMessage[],
  tools: TemplateTool[] | undefined,
  text: string,
): void {
  if (!(tools ?? []).every(({ function: { name } }) => text.includes(name)))
    throw new JobError(
      'unsupported',
      "The model's chat template has no place for tools. Leave them out, or use a model made for them.",
    )
  for (const { role, content, tool_calls = [] } of messages) {
    const needed = tool_calls.map((call) => call.function.name)
    // Templates of reasoning models cut thinking out of earlier answers, and mean to.
    if (!content.includes('</think>')) needed.push(content.trim())
    if (needed.every((part) => text.includes(part))) continue
    throw new JobError(
      'unsupported',
      `The model's chat template leaves out what a ${role} message says${tool_calls.length > 0 ? ' or calls' : ''}. Leave such messages out, or use a model made for them.`,
    )
  }
}

export function tooLong(tokens: string | number, contextSize: number): JobError {
  return new JobError(
    'context-length',
    `The prompt has ${tokens} tokens; the context holds ${contextSize}, answer included. Shorten the conversation, or raise \`context\` if the model allows it.`,
  )
}

/** Texts that the tokeniser would read as control tokens; longer ones first. */
function controlTokens(model: LlamaModel): string[] {
  const texts = new Set<string>()
  for (const token of model.iterateAllTokens())
    if (model.isSpecialToken(token)) texts.add(model.detokenize([token], true))
  texts.delete('')
  return [...texts].sort((a, b) => b.length - a.length)
}

/** A text that none of the messages holds. */
function unusedMark(values: unknown): string {
  const texts = JSON.stringify(values)
  for (let tries = 0; ; tries++) {
    const mark = `\uE000cut${tries}\uE001`
    if (!texts.includes(mark)) return mark
  }
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
