// From messages to tokens, by the model's own chat template, with no word added. What looks like a control token
// inside a message stays text: it is cut in two before the template sees it, and the halves are tokenised apart.
import { Template } from '@huggingface/jinja'
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob, TemplateMessage, TemplateTool } from '../protocol.js'
import { type CallFormat, callFormat } from './call-format.js'
import { JobError } from './failure.js'

// The longest token of known vocabularies is 128 spaces. A prompt of more characters than this cannot fit.
export const longestToken = 128

export class Prompt {
  readonly #model: LlamaModel
  readonly #template: Template
  readonly #controls: string[]
  /** How the model writes tool calls, where it can. */
  readonly calls: CallFormat | undefined

  /** @throws {JobError} `model-load` when there is no template to use */
  constructor(model: LlamaModel, override?: string) {
    this.#model = model
    const source = override ?? model.fileInfo.metadata.tokenizer.chat_template
    if (source === undefined)
      throw new JobError(
        'model-load',
        'This model has no chat template, so it is not made for chat. Use an instruct model, or pass `chatTemplate` (Jinja).',
      )
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
  }

  /**
   * The tokens of a conversation, ready for the answer.
   * @throws {JobError} `unsupported` when the template refuses the conversation
   */
  tokens({ messages, tools, mustCall }: Pick<ChatJob, 'messages' | 'tools' | 'mustCall'>): Token[] {
    const mark = unusedMark([messages, tools])
    const guarded = this.#guarded(messages, mark) as TemplateMessage[]
    const guardedTools = tools && (this.#guarded(tools, mark) as TemplateTool[])
    const { bos, shouldPrependBosToken } = this.#model.tokens
    let text: string
    try {
      text = this.#render(guarded, guardedTools, true)
    } catch (cause) {
      throw new JobError(
        'unsupported',
        `The model's chat template refuses this conversation: ${message(cause)}. Change the order or the roles of the messages.`,
      )
    }
    checkNothingLost(guarded, guardedTools, text)
    if (mustCall !== undefined && this.calls !== undefined) text += this.calls.open + this.calls.lead
    const tokens = text
      .split(mark)
      .flatMap((piece, index) =>
        this.#model.tokenize(piece, true, index === 0 ? undefined : 'trimLeadingSpace'),
      )
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos)
    return tokens
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

  #render(messages: TemplateMessage[], tools: TemplateTool[] | undefined, prompt: boolean): string {
    const { bosString, eosString } = this.#model.tokens
    return this.#template.render({
      messages,
      add_generation_prompt: prompt,
      bos_token: bosString ?? '',
      eos_token: eosString ?? '',
      ...(tools && { tools }),
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
