// The engine: one model, one context, its sequences. It alone touches the weights.
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type {
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaModel,
  Token,
} from 'node-llama-cpp'
import type { EmbedJob, EmbedResult, LoadSettings, ReadyInfo } from '../protocol.js'
import { JobError } from './failure.js'
import { availableMemory, checkCacheFits, checkWeightsFit, megabytes, notEnoughMemory } from './memory.js'
import { longestToken, Prompt } from './prompt.js'
import { calibrateThreads } from './threads.js'

/** Where loading reports to. */
export interface LoadListener {
  progress(share: number): void
  log(level: string, message: string): void
}

/** A sequence of the context and whether a generation has it. */
interface Lane {
  readonly sequence: LlamaContextSequence
  busy: boolean
}

export class Engine {
  readonly #lanes: Lane[]
  #embedding: Promise<LlamaEmbeddingContext> | undefined

  private constructor(
    readonly llama: Llama,
    readonly model: LlamaModel,
    private readonly context: LlamaContext,
    readonly prompt: Prompt,
    readonly info: ReadyInfo,
  ) {
    this.#lanes = Array.from({ length: info.parallel }, () => ({
      sequence: context.getSequence(),
      busy: false,
    }))
  }

  /** @throws {JobError} `model-load`, with what to do about it */
  static async load(settings: LoadSettings, listener: LoadListener): Promise<Engine> {
    const started = performance.now()
    const { getLlama, LlamaLogLevel } = await import('node-llama-cpp').catch((cause: Error) => {
      const missing = /Cannot find (package|module) 'node-llama-cpp'/.test(cause.message)
      throw new JobError(
        'model-load',
        missing
          ? 'The engine is not installed. Run: npm install node-llama-cpp'
          : `The engine does not load: ${cause.message}`,
      )
    })
    const complaints: string[] = []
    const logger = (level: string, message: string): void => {
      if (level === 'error' || level === 'fatal') complaints.push(message.trim())
      listener.log(level, message.trim())
    }
    const llama = await getLlama({
      build: 'never',
      gpu: settings.gpu,
      logLevel: LlamaLogLevel.warn,
      logger,
      progressLogs: false,
    }).catch((cause: Error) => {
      throw new JobError('model-load', `The engine does not start: ${cause.message}`)
    })
    if (llama.gpu === false) await checkWeightsFit(settings.modelPath)
    const model = await llama
      .loadModel({ modelPath: settings.modelPath, onLoadProgress: listener.progress })
      .catch((cause) => failedLoad(settings, cause, complaints))
    if (llama.gpu === false) checkCacheFits(model, settings)
    const prompt = new Prompt(model, settings.chatTemplate)
    const threads = settings.threads ?? (await calibrateThreads(model, availableParallelism(), settings))
    let engine: Engine | undefined
    const context = await model
      .createContext({
        // A step waits for the others only when there are others: the wait of a whole turn costs 1.5 % of decoding.
        batching: { dispatchSchedule: (step) => (engine?.shared ? setImmediate(step) : step()) },
        contextSize: settings.context ?? { min: 256, max: Math.min(4096, model.trainContextSize) },
        sequences: settings.parallel,
        threads,
        failedCreationRemedy: settings.context === undefined ? {} : false,
      })
      .catch((cause) => failedLoad(settings, cause, complaints))
    const info = {
      contextSize: context.contextSize,
      parallel: settings.parallel,
      threads,
      gpu: llama.gpu,
      tools: prompt.calls !== undefined,
      thinks: prompt.thinking !== undefined,
      loadMs: Math.round(performance.now() - started),
    }
    engine = new Engine(llama, model, context, prompt, info)
    return engine
  }

  /** Are other generations under way? */
  get shared(): boolean {
    return this.#lanes.filter(({ busy }) => busy).length > 1
  }

  get batchSize(): number {
    return this.context.batchSize
  }

  /**
   * Lends the free sequence that already holds most of the prompt, cut back to what they share.
   * The app never asks for more than there are.
   */
  async borrow(
    tokens: Token[],
  ): Promise<{ sequence: LlamaContextSequence; cached: number; giveBack: () => void }> {
    const shared = ({ sequence }: Lane) => sequence.compareContextTokens(tokens).firstDifferentIndex
    const lane = this.#lanes
      .filter(({ busy }) => !busy)
      .reduce<Lane | undefined>(
        (best, next) => (best === undefined || shared(next) > shared(best) ? next : best),
        undefined,
      )
    if (lane === undefined)
      throw new JobError('inference', 'The worker was given more work at once than it has sequences.')
    lane.busy = true
    const { sequence } = lane
    try {
      // The last token is always evaluated anew: its output is where the answer begins.
      const cached = Math.min(shared(lane), tokens.length - 1)
      if (cached < sequence.nextTokenIndex)
        await sequence.eraseContextTokenRanges([{ start: cached, end: sequence.nextTokenIndex }])
      return {
        sequence,
        cached: sequence.nextTokenIndex,
        giveBack: () => {
          lane.busy = false
        },
      }
    } catch (error) {
      lane.busy = false
      throw error
    }
  }

  /**
   * The vectors of texts, of unit length. Its context is made when it is first asked for.
   * @throws {JobError} `context-length` for a text that is too long
   */
  async embed({ texts, truncate }: EmbedJob, cancelled: () => boolean): Promise<EmbedResult> {
    this.#embedding ??= this.model
      .createEmbeddingContext({ contextSize: this.info.contextSize, threads: this.info.threads })
      .catch((cause: Error) => {
        this.#embedding = undefined
        throw new JobError('inference', `This model gives no embeddings: ${cause.message}`)
      })
    const context = await this.#embedding
    const vectors: string[] = []
    let inputTokens = 0
    for (const [index, text] of texts.entries()) {
      if (cancelled()) break
      const tokens = this.#embeddable(text, index, truncate)
      inputTokens += tokens.length
      const { vector } = await context.getEmbeddingFor(tokens)
      const length = Math.hypot(...vector) || 1
      vectors.push(
        Buffer.from(Float32Array.from(vector, (value) => value / length).buffer).toString('base64'),
      )
    }
    return { vectors, inputTokens }
  }

  #embeddable(text: string, index: number, truncate: boolean): Token[] {
    const { contextSize } = this.info
    // So many characters cannot fit, and even counting their tokens would take seconds.
    const most = contextSize * longestToken
    const far = text.length > most
    const tokens = far && !truncate ? [] : this.model.tokenize(text.slice(0, most))
    if (!far && tokens.length + 1 <= contextSize) return tokens
    // The engine adds a token at either end where the model wants them.
    if (truncate) return tokens.slice(0, contextSize - 2)
    throw new JobError(
      'context-length',
      `A text of ${text.length} characters (the ${index + 1}. of its batch) ${far ? 'has too many tokens' : `has ${tokens.length} tokens`}; the context holds ${contextSize}. Split it, or set truncate.`,
    )
  }

  dispose(): Promise<void> {
    return this.llama.dispose()
  }
}

/** A model that could not be loaded, told by what is wrong with it. */
async function failedLoad(
  { modelPath, context, parallel }: LoadSettings,
  cause: unknown,
  complaints: string[],
): Promise<never> {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const size = await stat(modelPath).then(
    ({ size }) => size,
    () => 0,
  )
  const detail =
    complaints.length > 0
      ? complaints.map((line) => line.replace(/^\w+: (error loading model: )?/, '')).join('; ')
      : reason
  if (/memory|too large|alloc/i.test(`${reason} ${detail}`))
    throw notEnoughMemory(
      modelPath,
      `the file has ${megabytes(size)}, ${parallel} sequences of ${context ?? 'at least 256'} tokens were asked for, and ${megabytes(availableMemory())} are free (${reason})`,
    )
  throw new JobError(
    'model-load',
    `${modelPath} is not a model this engine can load: ${detail}. The file may be incomplete or damaged (${megabytes(size)}); download it again.`,
  )
}
