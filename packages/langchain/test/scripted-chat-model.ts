// Chat model of LangChain that streams scripted chunks.
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessageChunk } from '@langchain/core/messages'
import { ChatGenerationChunk } from '@langchain/core/outputs'

class Played extends BaseChatModel {
  constructor(private readonly chunks: AIMessageChunk[]) {
    super({})
  }
  override _llmType() {
    return 'played'
  }
  override _generate(): never {
    throw new Error('it streams')
  }
  override async *_streamResponseChunks() {
    for (const message of this.chunks) yield new ChatGenerationChunk({ text: message.text, message })
  }
}

export const playing = (chunks: AIMessageChunk[]) => new Played(chunks)
