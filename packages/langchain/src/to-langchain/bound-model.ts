// Chat model with bound options. Bound `request` and `call` options are merged; LangChain would replace them.
import type { BaseLanguageModelInput } from '@langchain/core/language_models/base'
import type { AIMessageChunk } from '@langchain/core/messages'
import { Runnable, RunnableBinding } from '@langchain/core/runnables'
import { mergeOptions, type PatchbayChatOptions } from './call-options.js'

type Wrapped = Runnable<BaseLanguageModelInput, AIMessageChunk, PatchbayChatOptions>

export class BoundChat extends RunnableBinding<BaseLanguageModelInput, AIMessageChunk, PatchbayChatOptions> {
  override async _mergeConfig(...options: (Partial<PatchbayChatOptions> | undefined)[]) {
    return { ...(await super._mergeConfig(...options)), ...mergeOptions(this.config, ...options) }
  }

  override withConfig(config: Partial<PatchbayChatOptions>) {
    return super.withConfig({ ...config, ...mergeOptions(this.config, config) })
  }

  // LangChain would read the options from here and merge them itself.
  override withRetry(...fields: Parameters<Wrapped['withRetry']>) {
    return Runnable.prototype.withRetry.call(this, ...fields) as ReturnType<Wrapped['withRetry']>
  }

  override withListeners(...fields: Parameters<Wrapped['withListeners']>) {
    return Runnable.prototype.withListeners.call(this, ...fields) as ReturnType<Wrapped['withListeners']>
  }
}
