// Converts the stream parts of an AI SDK model to backend events.
import type {
  LanguageModelV3File,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from '@ai-sdk/provider'
import {
  type BackendEvent,
  type Citation,
  type FinishReason,
  LlmError,
  type Part,
  type Usage,
  type Warning,
} from '@patchbay/core'
import { parseInput } from '@patchbay/core/wire'
import { omitUndefined } from '@patchbay/core/wrap'
import { kindOf } from '../blocks.js'
import { owner } from './call.js'
import { InOrder } from './sequential-texts.js'

export async function* toEvents(
  stream: ReadableStream<LanguageModelV3StreamPart>,
  warn: (warning: Warning) => void,
): AsyncGenerator<BackendEvent> {
  const reader = stream.getReader()
  const events = new Events(warn)
  const ordered = new InOrder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      for (const part of ordered.of(value)) yield* events.of(part)
      if (value.type === 'finish') return
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

interface Block {
  type: 'text' | 'reasoning'
  metadata?: SharedV3ProviderMetadata | undefined
}

class Events {
  /** The fields of `response-metadata` received so far. */
  #response: { id?: string; model?: string } = {}
  readonly #blocks = new Map<string, Block>()
  /** A text that has ended, until it is known that no more of its sources follow. */
  #ended: Block | undefined
  /** The block whose text is streamed now. */
  #streamed: Block | undefined
  #citations: Citation[] = []

  constructor(private readonly warn: (warning: Warning) => void) {}

  of(part: LanguageModelV3StreamPart): BackendEvent[] {
    if (part.type !== 'source') return [...this.#end(), ...this.#of(part)]
    this.#citations.push(
      part.sourceType === 'url' ? omitUndefined({ url: part.url, title: part.title }) : this.#document(part),
    )
    return []
  }

  #document({ title, filename }: { title: string; filename?: string | undefined }): Citation {
    if (title !== '' && filename !== undefined && filename !== title)
      this.warn({
        code: 'unsupported',
        feature: 'filename',
        message: 'Sources have a title only in Patchbay; the names of their files were left out.',
      })
    return { title: title || (filename ?? '') }
  }

  #of(part: Exclude<LanguageModelV3StreamPart, { type: 'source' }>): BackendEvent[] {
    if (/^(tool|file)/.test(part.type)) this.#streamed = undefined
    switch (part.type) {
      case 'stream-start':
        return [{ type: 'start', warnings: part.warnings.map(toWarning) }]
      case 'response-metadata':
        this.#response = { ...this.#response, ...omitUndefined({ id: part.id, model: part.modelId }) }
        return [{ type: 'start', ...this.#response }]
      case 'text-start':
      case 'reasoning-start':
        this.#block(part)
        return []
      case 'text-delta':
      case 'reasoning-delta': {
        const block = this.#block(part)
        if (part.delta === '') return []
        this.#streamed = block
        return [{ type: block.type, text: part.delta }]
      }
      case 'text-end':
      case 'reasoning-end':
        this.#ended = this.#block(part)
        this.#blocks.delete(part.id)
        // Only texts have sources.
        return part.type === 'reasoning-end' ? this.#end() : []
      case 'tool-input-start':
        if (part.providerExecuted) throw ownTool(part.toolName)
        // Deltas of another encoding are not the JSON of the call, which follows.
        return part.inputEncoding === 'text'
          ? []
          : [{ type: 'tool-call-start', id: part.id, name: part.toolName }]
      case 'tool-input-delta':
        return [{ type: 'tool-call-delta', id: part.id, json: part.delta }]
      case 'tool-call': {
        const { toolCallId: id, toolName: name, input, providerMetadata } = part
        if (part.providerExecuted) throw ownTool(name)
        return [{ type: 'tool-call', id, name, input: parseInput(input), ...opaque(providerMetadata) }]
      }
      case 'tool-result':
        throw ownTool(part.toolName)
      case 'tool-approval-request':
        throw ownTool(part.toolCallId)
      case 'file':
        return [{ type: 'part', part: toMedia(part) }]
      case 'finish': {
        const response = { ...toReason(part.finishReason), usage: toUsage(part.usage) }
        // Sources without a text after them.
        const sources: Part[] =
          this.#citations.length > 0 ? [{ type: 'text', text: '', citations: this.#citations }] : []
        return [
          ...sources.map((text) => ({ type: 'part' as const, part: text })),
          { type: 'finish', response },
        ]
      }
      case 'error':
        throw part.error
      // Not requested.
      case 'raw':
      case 'tool-input-end':
        return []
    }
  }

  /** Metadata may come with any part of a block; the last are those of the block, as in the AI SDK itself. */
  #block(part: { type: string; id: string; providerMetadata?: SharedV3ProviderMetadata | undefined }): Block {
    const type = part.type.startsWith('text') ? 'text' : 'reasoning'
    const block: Block = this.#blocks.get(part.id) ?? { type }
    this.#blocks.set(part.id, block)
    block.metadata = part.providerMetadata ?? block.metadata
    return block
  }

  #end(): BackendEvent[] {
    if (this.#ended === undefined) return []
    const { type, metadata } = this.#ended
    const isStreamed = this.#ended === this.#streamed
    this.#ended = undefined
    const more = { ...opaque(metadata), ...(type === 'text' && this.#cited()) }
    if (isStreamed) return [{ type: 'part-end', ...more }]
    // Redacted reasoning has no text, and a block that ends late has no part any more.
    return Object.keys(more).length > 0 ? [{ type: 'part', part: { type, text: '', ...more } }] : []
  }

  #cited(): { citations?: Citation[] } {
    const citations = this.#citations
    this.#citations = []
    return citations.length > 0 ? { citations } : {}
  }
}

function toMedia({ data, mediaType, providerMetadata }: LanguageModelV3File): Part {
  return { type: kindOf(mediaType), data, mediaType, ...opaque(providerMetadata) }
}

function opaque(data: SharedV3ProviderMetadata | undefined): {
  opaque?: { provider: string; data: unknown }
} {
  return data === undefined ? {} : { opaque: { provider: owner, data } }
}

function ownTool(name: string): LlmError {
  return new LlmError(
    'unsupported',
    `The service runs the tool ${name} itself, which Patchbay does not support for models of the AI SDK. Give the model tools of your own.`,
  )
}

const reasons: Record<LanguageModelV3FinishReason['unified'], FinishReason> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content-filter',
  'tool-calls': 'tool-calls',
  error: 'other',
  other: 'other',
}

function toReason({ unified, raw }: LanguageModelV3FinishReason) {
  return { finishReason: reasons[unified], ...(raw !== undefined && { rawFinishReason: raw }) }
}

function toUsage({ inputTokens: input, outputTokens: output }: LanguageModelV3Usage): Usage {
  const usage = {
    inputTokens: input.total,
    outputTokens: output.total,
    cachedInputTokens: input.cacheRead,
    cacheWriteTokens: input.cacheWrite,
    reasoningTokens: output.reasoning,
  }
  return omitUndefined(usage)
}

function toWarning(warning: SharedV3Warning): Warning {
  return warning.type === 'other'
    ? { code: 'other', message: warning.message }
    : {
        code: 'unsupported',
        feature: warning.feature,
        message: warning.details ?? `${warning.feature} is not supported.`,
      }
}
