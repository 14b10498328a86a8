// Public entry `@patchbay/local/prompt`: the prompt that a local model gets for a request, without loading its weights.
import type { ChatRequest } from '@patchbay/core'
import { chatOffline } from './offline/offline-model.js'

/** Options of `renderPrompt`. */
export interface RenderPromptOptions {
  /** Path of a .gguf file, or `'pico'` for the bundled model. */
  modelPath: string
  /** A request as `chat()` takes it. */
  request: ChatRequest
}

/** A prompt in the form that the model gets. */
export interface RenderedPrompt {
  /** The whole prompt, with control tokens written out. */
  text: string
  /** Token ids of the prompt, as the model's vocabulary numbers them. */
  tokens: number[]
  /**
   * The parts of the prompt that were tokenised separately, in their order. Text of a message that looks like a control
   * token is split between two of them, so that it stays text.
   */
  pieces: { text: string; tokens: number[] }[]
}

/**
 * Renders a request with the model's own chat template, exactly as `local()` does before it generates. Loads only the
 * model's vocabulary, in this process. For tests of templates and prompts.
 * @throws {LlmError} what `chat()` would throw: `model-load`, `unsupported`, `invalid-request`, …
 * @example
 * const { text } = await renderPrompt({ modelPath: './model.gguf', request: { messages: 'Hello' } })
 */
export function renderPrompt(options: RenderPromptOptions): Promise<RenderedPrompt>
/**
 * The same with two arguments.
 * @param modelPath path of a .gguf file, or `'pico'` for the bundled model
 * @param request a request as `chat()` takes it
 */
export function renderPrompt(modelPath: string, request: ChatRequest): Promise<RenderedPrompt>
export async function renderPrompt(
  first: string | RenderPromptOptions,
  second: ChatRequest = { messages: [] },
): Promise<RenderedPrompt> {
  const { modelPath, request } = typeof first === 'string' ? { modelPath: first, request: second } : first
  let prompt: RenderedPrompt | undefined
  const call = chatOffline(modelPath, request, async ({ template }, job) => {
    const { tokens, pieces } = template.render(job)
    prompt = { text: pieces.map(({ text }) => text).join(''), tokens, pieces }
    return {
      finishReason: 'stop',
      rawFinishReason: 'eos',
      inputTokens: tokens.length,
      cachedInputTokens: 0,
      outputTokens: 0,
      promptMs: 0,
      decodeMs: 0,
    }
  })
  // An answer without text fails where JSON is wanted; the prompt is there by then.
  await call.catch((error) => {
    if (prompt === undefined) throw error
  })
  return prompt as RenderedPrompt
}
