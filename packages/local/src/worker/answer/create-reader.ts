// Creates the reader for an answer: thinking, then JSON, or text with tool calls, as the request and the model want it.
import type { ChatJob, ChatResult } from '../../supervisor/protocol.js'
import { callGrammar } from '../grammar/call-grammar.js'
import { type GrammarEngine, jsonGrammar } from '../grammar/grammar.js'
import type { ChatTemplate, ThinkingState } from '../prompt/chat-template.js'
import { splitPrefill } from '../prompt/prefill.js'
import { type AnswerReader, type ContentReader, JsonReader, MarkupReader, TextReader } from './answer.js'
import type { ParsedCall } from './call-reader.js'
import { ThinkingReader } from './thinking.js'

/** Receives what a reader finds besides text. */
export interface ReaderListener {
  reasoning(text: string): void
  call(call: ParsedCall): void
}

/** A reader, and the keywords of the request's schemas that its grammar does not enforce. */
export interface CreatedReader<Reader extends AnswerReader = AnswerReader> {
  reader: Reader
  unenforced: string[]
}

/** What readers need to know of a template. */
type ReaderTemplate = Pick<ChatTemplate, 'calls' | 'parallelCalls' | 'thinking' | 'frames'>

/**
 * The reader for the answer to a request, whose prompt ends in this state of thinking.
 * @throws {JobError} `unsupported` for a schema without a grammar
 */
export async function createReader(
  engine: GrammarEngine,
  template: ReaderTemplate,
  request: ChatJob,
  thinking: ThinkingState,
  listener: ReaderListener,
): Promise<CreatedReader> {
  const created = await contentReader(engine, template, request, listener)
  const { thinking: format } = template
  if (thinking === 'finished' || format === undefined) return created
  const onThought = (text: string) => listener.reasoning(text)
  const { reader, unenforced } = created
  const { answer = '', head = '' } = template.frames
  const frame = request.json === undefined ? '' : head + answer
  const breaks = request.tools === undefined || template.calls?.atStart ? [] : (template.calls?.signs ?? [])
  return {
    reader: new ThinkingReader(
      engine.model,
      format,
      thinking === 'started',
      reader,
      onThought,
      breaks,
      frame,
    ),
    unenforced,
  }
}

async function contentReader(
  engine: GrammarEngine,
  { calls, parallelCalls, frames, thinking }: ReaderTemplate,
  request: ChatJob,
  listener: ReaderListener,
): Promise<CreatedReader<ContentReader>> {
  const { model } = engine
  const { json, tools, forcedCall, stop } = request
  if (json !== undefined) {
    const { grammar, unenforced } = await jsonGrammar(engine, json.schema)
    return { reader: new JsonReader(model, stop, grammar), unenforced }
  }
  const { marks, toolMarks = [], repeatedThoughts } = frames
  const begun = splitPrefill(request).prefill === undefined ? (frames.begun ?? '') : ''
  if ((tools === undefined || calls === undefined) && marks.length === 0)
    return { reader: new TextReader(model, stop), unenforced: [] }
  const offered = (calls !== undefined && tools) || []
  const allowed = offered.filter(
    (tool) => typeof forcedCall !== 'string' || tool.function.name === forcedCall,
  )
  const markup = {
    frames: [
      ...marks,
      ...allowed.flatMap((tool) => toolMarks.map((mark) => mark.replace('NAME', tool.function.name))),
    ],
    ...(repeatedThoughts && thinking !== undefined && { thoughts: thinking }),
    ...(calls !== undefined && allowed.length > 0 && { format: calls, forced: forcedCall !== undefined }),
  }
  const markupListener = {
    tools: allowed,
    onCall: (call: ParsedCall) => listener.call(call),
    onThought: (text: string) => listener.reasoning(text),
  }
  if (markup.format === undefined)
    return {
      reader: new MarkupReader(model, request, { markup, listener: markupListener, begun }),
      unenforced: [],
    }
  const { grammar, unenforced } = await callGrammar(engine, allowed, markup.format)
  // A turn with more calls than the template can write could not be given back.
  const limited = parallelCalls ? request : { ...request, singleCall: true }
  return {
    reader: new MarkupReader(model, limited, { markup, listener: markupListener, grammar, begun }),
    unenforced,
  }
}

/** Whether an answer ended for want of tokens, not by itself. */
export function isCut(rawFinishReason: string): boolean {
  return rawFinishReason === 'max-tokens' || rawFinishReason === 'context-full'
}

/** The part of a result that a reader determines. */
export type AnswerEnd = Omit<ChatResult, 'inputTokens' | 'cachedInputTokens' | 'promptMs' | 'decodeMs'>

/** The end of an answer of so many tokens, flushed or with an `endReason` of its own. */
export function answerEnd(
  { reader, unenforced }: CreatedReader,
  rawFinishReason: string,
  outputTokens: number,
): AnswerEnd {
  return {
    finishReason: isCut(rawFinishReason) ? 'length' : 'stop',
    rawFinishReason,
    ...(reader.endReason === 'stop-string' && { stopSequence: reader.stopSequence as string }),
    outputTokens,
    ...(reader.thoughtTokens !== undefined && { reasoningTokens: reader.thoughtTokens }),
    ...(reader.inCall && { unfinishedCall: true }),
    ...(reader.invalidCall && { invalidCall: true }),
    ...(unenforced.length > 0 && { unenforced }),
  }
}
