// Engine of the worker: one loaded model with its context. Behind this interface, all engines are the same to the worker.
import type {
  ChatResult,
  EmbedJob,
  EmbedResult,
  RankJob,
  RankResult,
  ReadyInfo,
} from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import type { GrammarEngine } from '../grammar/grammar.js'
import type { ChatTemplate } from '../prompt/chat-template.js'
import type { SliceSizer } from './prompt-batching.js'
import type { SequencePool } from './sequence-pool.js'

/** Receives the progress of loading. */
export interface LoadListener {
  /** Share of the model that is loaded, from 0 to 1. */
  progress(share: number): void
  log(level: string, message: string): void
  /** The model needs so many bytes; it is loaded when this resolves. */
  requestMemory(bytes: number): Promise<void>
  /** A process of the engine's own has started: its memory counts as the worker's, and the worker hangs if it does. */
  child(process: { readonly pid: number | undefined; alive(): Promise<void> }): void
}

/** What a generation needs of the engine. */
export interface ChatResources {
  /** Absent for a model that has none, and can only fill in the middle. */
  readonly prompt: ChatTemplate | undefined
  readonly pool: SequencePool
  readonly slices: SliceSizer
  readonly batchSize: number
  /** The engine's mark for an image or a sound in a prompt. Absent: it takes none. */
  readonly mediaMarker?: string | undefined
}

/** A loaded model. `model` has at least its vocabulary. */
export interface Engine extends GrammarEngine {
  readonly info: ReadyInfo
  readonly encoder: {
    embed(job: EmbedJob, signal: AbortSignal): Promise<EmbedResult>
    rank(job: RankJob, signal: AbortSignal): Promise<RankResult>
  }
  /** @throws {JobError} `model-load` for a model that writes no text */
  readonly chat: ChatResources
  /**
   * An answer has ended that had the engine for itself. True if the engine has become far slower than it was measured: a new process,
   * which measures again, does better. Absent: the engine measures nothing.
   */
  hasSlowedDown?(answer: ChatResult): Promise<boolean>
  /** Frees the model, after saving the sequences' states if `keepPrefixes` is set. */
  dispose(): Promise<void>
}

/** The error of a chat with a model that has no chat template. */
export function noChatTemplate(): JobError {
  return new JobError(
    'model-load',
    'This model has no chat template, so it cannot chat. Use an instruct model, or pass `chatTemplate` (Jinja).',
  )
}
