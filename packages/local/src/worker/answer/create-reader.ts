// Creates the reader for an answer: thinking, then JSON, or text with tool calls, as the request and the model want it.
import type { ChatJob, ChatResult } from '../../supervisor/protocol.js'
import { callGrammar, type GrammarEngine, jsonGrammar } from '../grammar/grammar.js'
import type { ChatTemplate, ThinkingState } from '../prompt/chat-template.js'
import { type AnswerReader, JsonReader, TextReader, ToolReader } from './answer.js'
import type { ParsedCall } from './call-reader.js'
import { ThinkingReader } from './thinking.js'

/** Receives what a reader finds besides text. */
export interface ReaderListener {
  reasoning(text: string): void
  call(call: ParsedCall): void
}

/** A reader, and the keywords of the request's schemas that its grammar does not enforce. */
export interface CreatedReader {
  reader: AnswerReader
  unenforced: string[]
}

/**
 * The reader for the answer to a request, whose prompt ends in this state of thinking.
 * @throws {JobError} `unsupported` for a schema without a grammar
 */
export async function createReader(
  engine: GrammarEngine,
  template: Pick<ChatTemplate, 'calls' | 'thinking'>,
  request: ChatJob,
  thinking: ThinkingState,
  listener: ReaderListener,
): Promise<CreatedReader> {
  const created = await contentReader(engine, template, request, listener)
  const { thinking: format } = template
  if (thinking === 'finished' || format === undefined) return created
  const onThought = (text: string) => listener.reasoning(text)
  const { reader, unenforced } = created
  return {
    reader: new ThinkingReader(engine.model, format, thinking === 'started', reader, onThought),
    unenforced,
  }
}

async function contentReader(
  engine: GrammarEngine,
  { calls }: Pick<ChatTemplate, 'calls'>,
  request: ChatJob,
  listener: ReaderListener,
): Promise<CreatedReader> {
  const { model } = engine
  const { json, tools, forcedCall, stop } = request
  if (json !== undefined) {
    const { grammar, unenforced } = await jsonGrammar(engine, json.schema)
    return { reader: new JsonReader(model, stop, grammar), unenforced }
  }
  if (tools === undefined || calls === undefined)
    return { reader: new TextReader(model, stop), unenforced: [] }
  const allowed = tools.filter((tool) => typeof forcedCall !== 'string' || tool.function.name === forcedCall)
  const { grammar, unenforced } = await callGrammar(engine, allowed, calls)
  const onCall = (call: ParsedCall) => listener.call(call)
  return { reader: new ToolReader(model, request, calls, grammar, onCall), unenforced }
}

/** The part of a result that a reader determines. */
export type AnswerEnd = Omit<ChatResult, 'inputTokens' | 'cachedInputTokens' | 'promptMs' | 'decodeMs'>

/** The end of an answer of so many tokens, flushed or with an `endReason` of its own. */
export function answerEnd(
  { reader, unenforced }: CreatedReader,
  rawFinishReason: string,
  outputTokens: number,
): AnswerEnd {
  const outOfTokens = rawFinishReason === 'max-tokens' || rawFinishReason === 'context-full'
  return {
    finishReason: outOfTokens ? 'length' : 'stop',
    rawFinishReason,
    ...(reader.endReason === 'stop-string' && { stopSequence: reader.stopSequence as string }),
    outputTokens,
    ...(reader instanceof ThinkingReader && { reasoningTokens: reader.thoughtTokens }),
    ...(reader.inCall && { unfinishedCall: true }),
    ...(unenforced.length > 0 && { unenforced }),
  }
}
