// Public entry `@patchbay/local/answer`: reads a finished text as the answer of a local model, without its weights.
import type { ChatRequest, ChatResponse, FinishReason, ToolCall, Warning } from '@patchbay/core'
import { chatOffline } from './offline/offline-model.js'
import { answerEnd, createReader } from './worker/answer/create-reader.js'

/** Options of `readAnswer`. */
export interface ReadAnswerOptions {
  /** Path of a .gguf file, or `'pico'` for the bundled model. */
  modelPath: string
  /** The request that is answered, as `chat()` takes it. */
  request: ChatRequest
  /**
   * What the model writes after the prompt, with markers and control tokens written out. A list of texts is tokenised one
   * by one: it decides where tokens end. After a forced tool call (`toolChoice`), the prompt ends with the call's opening
   * marker, so the text starts after it.
   */
  text: string | readonly string[]
}

/** An answer in the form that `chat()` returns. */
export interface ReadAnswer {
  /** The text of the answer, without markers, thinking and tool calls. */
  text: string
  /** The model's thinking; empty if there is none. */
  reasoning: string
  /** The tool calls of the answer. Ids are random. */
  calls: ToolCall[]
  /** Why the answer ended; `'tool-calls'` if it has some. */
  finishReason: FinishReason
  /** Warnings of the request and of the answer, such as an unfinished tool call. */
  warnings: Warning[]
}

/**
 * Reads a text as if the model had written it, with the same code that reads a running model: decoding, stop strings,
 * thinking, JSON and tool calls. Reads up to the first end-of-generation token. Loads only the model's vocabulary, in this
 * process; grammars are compiled, but not enforced. For tests of templates and tools.
 * @throws {LlmError} what `chat()` would throw: `model-load`, `unsupported`, `structured-output`, …
 * @example
 * const { calls } = await readAnswer({
 *   modelPath: 'pico',
 *   request: { messages: 'Weather in Lima?', tools: [weather] },
 *   text: '<tool_call>\n{"name": "weather", "arguments": {"city": "Lima"}}\n</tool_call><|im_end|>',
 * })
 */
export async function readAnswer({ modelPath, request, text }: ReadAnswerOptions): Promise<ReadAnswer> {
  const response = await chatOffline(modelPath, request, async ({ llama, model, template }, request, job) => {
    const emit = (type: 'text' | 'reasoning', text: string) => {
      if (text !== '') job.text(type, text)
    }
    const { tokens: prompt, thinking } = template.render(request)
    const created = await createReader({ llama, model }, template, request, thinking, {
      reasoning: (text) => emit('reasoning', text),
      call: ({ name, input }) => job.call(name, input),
    })
    const { reader } = created
    let outputTokens = 0
    for (const token of [text].flat().flatMap((part) => model.tokenize(part, true, 'trimLeadingSpace'))) {
      if (model.isEogToken(token) || reader.endReason !== undefined) break
      emit('text', reader.push(token))
      outputTokens++
    }
    if (reader.endReason === undefined) emit('text', reader.flush())
    return {
      ...answerEnd(created, reader.endReason ?? 'eos', outputTokens),
      inputTokens: prompt.length,
      cachedInputTokens: 0,
      promptMs: 0,
      decodeMs: 0,
    }
  })
  return answerOf(response)
}

function answerOf({ text, reasoning, toolCalls, finishReason, warnings }: ChatResponse): ReadAnswer {
  return { text, reasoning, calls: toolCalls, finishReason, warnings }
}
