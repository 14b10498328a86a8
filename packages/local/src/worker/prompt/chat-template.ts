// Chat template of a model: renders messages as prompt tokens, and adds no text of its own. Text of a message that looks
// like a control token stays text: it is split before the template is rendered, and its parts are tokenised separately.
import { createHash } from 'node:crypto'
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { ChatJob, PromptRequest, TemplateMessage, TemplateTool } from '../../supervisor/protocol.js'
import type { CallFormat } from '../answer/calls/call-format.js'
import { type DetectedCalls, detectCalls } from '../answer/calls/detect.js'
import { detectFrames, type Frames } from '../answer/frames.js'
import {
  beginOfThought,
  detectThinkingFormat,
  endOfThought,
  type ThinkingFormat,
} from '../answer/thinking-format.js'
import { JobError } from '../failure.js'
import { JinjaTemplate, TemplateRefusal } from '../jinja/jinja.js'
import { cutAll, cutMark, guardedTexts, splitAtCuts, tokenizeRest } from './message-text.js'
import { checkNothingLost } from './nothing-lost.js'
import { prefilledThought, splitPrefill } from './prefill.js'
import { type ThoughtKeys, thinkingVariables, thoughtFields, thoughtKeys } from './thinking-variables.js'

// Characters of the longest token in known vocabularies (128 spaces): a prompt with more characters for each token of
// the context cannot fit.
export const longestToken = 128

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
  /** The template for conversations with tools, if the file has one of its own. */
  readonly #toolTemplate: JinjaTemplate
  readonly #source: string
  readonly #toolSource: string
  readonly #guarded: string[]
  readonly #detected: DetectedCalls | undefined
  readonly #thoughtKeys: ThoughtKeys
  /** Format of the model's thinking; `undefined` if it does not think. */
  readonly thinking: ThinkingFormat | undefined
  /** Marks around an answer's text. */
  readonly frames: Frames

  /**
   * The given template, or the model's own one; `undefined` if there is none.
   * @throws {JobError} `model-load` for a template that cannot be parsed
   */
  static of(model: LlamaModel, override?: string): ChatTemplate | undefined {
    if (override !== undefined) return new ChatTemplate(model, override)
    const { tokenizer } = model.fileInfo.metadata
    const source = tokenizer.chat_template ?? namedTemplate(tokenizer, 'default')
    if (source === undefined) return undefined
    return new ChatTemplate(model, source, namedTemplate(tokenizer, 'tool_use'))
  }

  constructor(model: LlamaModel, source: string, toolSource = source) {
    this.#model = model
    this.#template = parseTemplate(source)
    this.#toolTemplate = toolSource === source ? this.#template : parseTemplate(toolSource)
    this.#toolSource = toolSource
    this.#source = source === toolSource ? source : `${source}\n${toolSource}`
    this.#detected = detectCalls(
      (messages, tools) => this.#renderText(messages, tools, false, {}),
      toolSource,
    )
    this.frames = detectFrames(this.#source)
    this.thinking =
      this.frames.thinking ??
      detectThinkingFormat(
        (messages, addPrompt, variables) => this.#renderText(messages, undefined, addPrompt, variables),
        source,
      )
    this.#thoughtKeys = thoughtKeys(this.#source)
    const format = this.#detected?.format
    const { marks } = this.frames
    const signs = [...(format?.signs ?? []), ...(format?.marks ?? []), ...marks]
    const thinkingSigns = [this.thinking?.open, this.thinking?.close]
    this.#guarded = guardedTexts(model, [this.#source, ...signs, ...thinkingSigns].join('\n'))
  }

  /** Format of the model's tool calls; `undefined` if it has none. */
  get calls(): CallFormat | undefined {
    return this.#detected?.format
  }

  /** The template can write several tool calls of one turn. */
  get parallelCalls(): boolean {
    return this.#detected?.parallel === true
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
  render(request: PromptRequest): RenderedPrompt {
    const { tools, forcedCall, json, reasoning, thinkingBudget } = request
    const { history: messages, prefill } = splitPrefill(request)
    // JSON has a grammar from its first token on: a thought before it must be started by the prompt, and end in the answer.
    const noThinking =
      forcedCall !== undefined ||
      prefill !== undefined ||
      reasoning === 'off' ||
      (json !== undefined && reasoning === undefined && thinkingBudget === undefined)
    // A begun answer with a thought of its own is one of a model that thinks.
    const level = prefill?.reasoning_content === undefined ? 'off' : 'medium'
    const variables = thinkingVariables(
      this.#source,
      noThinking && this.thinking ? level : reasoning,
      thinkingBudget,
    )
    const mark = cutMark([request.messages, tools])
    const cutMessages = cutAll(this.#prepare(messages), this.#guarded, mark)
    const cutTools = tools && cutAll(tools, this.#guarded, mark)
    let text: string
    try {
      text = this.#renderText(cutMessages, cutTools, true, variables)
    } catch (cause) {
      throw new JobError('unsupported', refusalMessage(cause))
    }
    checkNothingLost(cutAll(messages, this.#guarded, mark), cutTools, text)
    const mode = noThinking ? 'off' : json !== undefined ? 'required' : 'optional'
    const [begunText] = prefill === undefined ? [] : cutAll([prefill], this.#guarded, mark)
    const { suffix, thinking: state } = this.#thinkingSuffix(text, mode, begunText)
    text += suffix
    // From a forced call, or the frame of an answer, no way leads back to a thought.
    const begun = state === 'started' ? undefined : this.#begunAnswer(request, text, prefill !== undefined)
    const words = begunText?.content ?? ''
    const frame = this.frames.begun !== undefined && words !== '' ? this.frames.answer : undefined
    // A frame is before the words, the sign of a call after them.
    text += forcedCall === undefined ? (begun ?? '') + words : (frame ?? '') + words + (begun ?? '')
    const thinking = begun === undefined && begunText === undefined ? state : 'finished'
    const { bos, bosString, shouldPrependBosToken } = this.#model.tokens
    const pieces = splitAtCuts(text, mark).map((piece, index) => ({
      text: piece,
      tokens: index === 0 ? this.#model.tokenize(piece, true) : tokenizeRest(this.#model, piece),
    }))
    if (shouldPrependBosToken && bos !== null && pieces[0]?.tokens[0] !== bos)
      pieces.unshift({ text: bosString ?? '', tokens: [bos] })
    return { tokens: pieces.flatMap(({ tokens }) => tokens), pieces, thinking }
  }

  /** Messages in the forms that the template reads: ids, arguments, thinking. */
  #prepare(messages: TemplateMessage[]): TemplateMessage[] {
    const { shortIds = false, textArguments = false } = this.#detected ?? {}
    return messages.map(({ reasoning_content, tool_calls, tool_call_id, ...message }) => ({
      ...message,
      ...(tool_call_id !== undefined && { tool_call_id: shortIds ? shortId(tool_call_id) : tool_call_id }),
      ...(tool_calls && {
        tool_calls: tool_calls.map(({ id, type, function: { name, arguments: input } }) => ({
          type,
          id: shortIds ? shortId(id) : id,
          function: { name, arguments: textArguments ? JSON.stringify(input) : input },
        })),
      }),
      ...(reasoning_content !== undefined &&
        thoughtFields(this.#thoughtKeys, reasoning_content, message.content, tool_calls !== undefined)),
    }))
  }

  /** The text after the prompt that makes the model think, or not think. */
  #thinkingSuffix(
    text: string,
    mode: 'required' | 'optional' | 'off',
    prefill: TemplateMessage | undefined,
  ): { suffix: string; thinking: ThinkingState } {
    if (this.thinking === undefined) return { suffix: '', thinking: 'finished' }
    const { open, close } = this.thinking
    const end = text.trimEnd()
    if (end.endsWith(close) || (this.frames.answer !== undefined && end.endsWith(this.frames.answer)))
      return { suffix: '', thinking: 'finished' }
    const started = end.endsWith(open)
    const thought = prefill && prefilledThought(prefill, this.thinking, started)
    if (thought !== undefined) return { suffix: thought, thinking: 'finished' }
    if (mode === 'off') {
      // An empty thought switches thinking off; in some formats, the answer may begin at once.
      if (this.frames.repeatedThoughts && !started) return { suffix: '', thinking: 'possible' }
      const ending = endOfThought(this.thinking)
      // An empty line for the thought, unless the prompt has ended the line of the opening marker.
      const empty = ending === close || (started && text.endsWith('\n')) ? '' : '\n'
      return { suffix: (started ? '' : open) + empty + ending, thinking: 'finished' }
    }
    if (started) return { suffix: '', thinking: 'started' }
    return mode === 'required'
      ? { suffix: beginOfThought(this.thinking), thinking: 'started' }
      : { suffix: '', thinking: 'possible' }
  }

  /** What the request lets the answer begin with: the sign of a forced call, or the frame of JSON and of begun text. */
  #begunAnswer({ forcedCall, json }: PromptRequest, text: string, hasPrefill: boolean): string | undefined {
    const { answer, begun } = this.frames
    if (forcedCall !== undefined)
      return begun !== undefined && text.endsWith(begun) && !hasPrefill ? '' : this.calls?.forced
    if ((json === undefined && !hasPrefill) || answer === undefined) return undefined
    return text.endsWith(answer) ? '' : answer
  }

  #renderText(
    messages: TemplateMessage[],
    tools: TemplateTool[] | undefined,
    addGenerationPrompt: boolean,
    variables: Record<string, unknown>,
  ): string {
    const { bosString, eosString } = this.#model.tokens
    if (tools !== undefined && hasToolsInSystem(this.#toolSource))
      messages = withToolsInSystem(messages, tools)
    return (tools === undefined ? this.#template : this.#toolTemplate).render({
      messages,
      add_generation_prompt: addGenerationPrompt,
      bos_token: bosString ?? '',
      eos_token: eosString ?? '',
      // Templates tell what is null from what is undefined; the reference gives these always.
      tools: tools ?? null,
      documents: null,
      ...variables,
    })
  }
}

/** Phi-4-mini's template takes tools as JSON from a field of the system message, and has no variable of this name. */
function hasToolsInSystem(source: string): boolean {
  return /['"]tools['"]/.test(source) && !/(?<![\w.'"])tools\b/.test(source)
}

function withToolsInSystem(messages: TemplateMessage[], tools: TemplateTool[]): TemplateMessage[] {
  const [first] = messages
  const system = first?.role === 'system' ? first : { role: 'system' as const, content: '' }
  const rest = first?.role === 'system' ? messages.slice(1) : messages
  const all = tools.map(({ function: definition }) => definition)
  return [{ ...system, tools: JSON.stringify(all) } as TemplateMessage, ...rest]
}

function parseTemplate(source: string): JinjaTemplate {
  try {
    return new JinjaTemplate(source)
  } catch (cause) {
    throw new JobError(
      'model-load',
      `The chat template cannot be parsed: ${errorMessage(cause)}. Pass another one as \`chatTemplate\` (Jinja).`,
    )
  }
}

/** One of several templates of a file, `tokenizer.chat_template.NAME`. */
function namedTemplate(tokenizer: object, name: string): string | undefined {
  const source: unknown = Object.entries(tokenizer).find(([key]) => key === `chat_template.${name}`)?.[1]
  return typeof source === 'string' ? source : undefined
}

/** Mistral's templates refuse ids that are not nine letters and digits. */
function shortId(id: string): string {
  return /^[a-zA-Z0-9]{9}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9)
}

/** What the template refuses is the caller's to change; what the Jinja engine cannot do is not. */
function refusalMessage(cause: unknown): string {
  return cause instanceof TemplateRefusal
    ? `The model's chat template refuses this conversation: ${cause.message}. Change the order or the roles of the messages.`
    : `The model's chat template cannot be rendered for this conversation: ${errorMessage(cause)}. Pass another one as \`chatTemplate\` (Jinja).`
}

/**
 * A quick check before any work.
 * @throws {JobError} `context-length` for a prompt that cannot fit
 */
export function checkLength(
  { messages, tools = [] }: Pick<ChatJob, 'messages' | 'tools'>,
  contextSize: number,
): void {
  const characters = [...messages, ...tools].reduce((sum, message) => sum + JSON.stringify(message).length, 0)
  if (characters > contextSize * longestToken)
    throw promptTooLong(`more than ${Math.floor(characters / longestToken)}`, contextSize)
}

export function promptTooLong(tokens: string | number, contextSize: number): JobError {
  return new JobError(
    'context-length',
    `The prompt has ${tokens} tokens; the context holds ${contextSize}, answer included. Shorten the conversation, or raise \`context\` if the model allows it.`,
  )
}

function errorMessage(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
