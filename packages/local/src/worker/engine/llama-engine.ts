// The engine in this process: node-llama-cpp, with one loaded model and its context.
import { stat } from 'node:fs/promises'
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp'
import { megabytes } from '../../options/megabytes.js'
import type { ChatResult, LoadSettings, ReadyInfo } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { ChatTemplate } from '../prompt/chat-template.js'
import { canInfill } from '../prompt/infill.js'
import { type Calibration, calibrate, forgetCalibration } from './calibrate.js'
import { usableCores } from './cores.js'
import { Encoder } from './encoder.js'
import { type ChatResources, type Engine, type LoadListener, noChatTemplate } from './engine.js'
import { importEngine } from './import-engine.js'
import { explainKvCache, type MemoryPlan, notEnoughMemory, planMemory } from './memory.js'
import { PrefixStore } from './prefix-store.js'
import { SliceSizer } from './prompt-batching.js'
import { SequencePool } from './sequence-pool.js'
import { SpeedWatch } from './speed-watch.js'

export class LlamaEngine implements Engine {
  private constructor(
    readonly llama: Llama,
    readonly model: LlamaModel,
    readonly info: ReadyInfo,
    readonly encoder: Encoder,
    private readonly chatResources: ChatResources | undefined,
    private readonly store: PrefixStore | undefined,
    private readonly speed: { watch: SpeedWatch; forget: () => Promise<void> } | undefined,
  ) {}

  /** @throws {JobError} `model-load` with advice */
  static async load(settings: LoadSettings, listener: LoadListener): Promise<LlamaEngine> {
    const started = performance.now()
    const { modelPath } = settings
    const { getLlama, LlamaLogLevel, getModuleVersion } = await importEngine()
    const engineErrors: string[] = []
    const logger = (level: string, message: string): void => {
      if (level === 'error' || level === 'fatal') engineErrors.push(message.trim())
      listener.log(level, message.trim())
    }
    const failed = (cause: unknown): Promise<never> => loadError(settings, cause, engineErrors)
    const llama = await getLlama({
      build: 'never',
      gpu: settings.gpu,
      logLevel: LlamaLogLevel.warn,
      logger,
      progressLogs: false,
    }).catch((cause: Error) => {
      throw new JobError('model-load', `The engine (node-llama-cpp) does not start: ${cause.message}`)
    })
    const memory = await planMemory(llama, settings).catch(failed)
    await listener.requestMemory(memory.weights + memory.context)
    const model = await llama
      .loadModel({
        modelPath,
        ...(settings.gpuLayers !== undefined && { gpuLayers: settings.gpuLayers }),
        onLoadProgress: listener.progress,
      })
      .catch(failed)
    const cores = usableCores()
    const version = await getModuleVersion()
    const calibration = await calibrate(model, cores, version, settings)
    const prompt = ChatTemplate.of(model, settings.chatTemplate)
    // A model that neither chats nor fills gaps needs no context for it.
    const writes = prompt !== undefined || canInfill(model)
    const chat = writes
      ? await makeChat(model, prompt, memory, calibration, settings).catch(failed)
      : undefined
    const store = chat && (await PrefixStore.of(storedFacts(chat.context, version), settings).catch(failed))
    const restored = (await store?.restore(chat?.pool.sequences ?? [])) ?? 0
    const contextSize = chat?.context.contextSize ?? memory.contextSize
    const { threads } = calibration
    const info: ReadyInfo = {
      contextSize,
      parallel: settings.parallel,
      threads,
      batchSize: calibration.batchSize,
      gpu: llama.gpu,
      gpuLayers: model.gpuLayers,
      memory: { weights: memory.weights, context: memory.context, available: memory.available },
      tools: prompt?.calls !== undefined,
      infills: canInfill(model),
      thinks: prompt?.thinking !== undefined,
      vision: false,
      audio: false,
      restored,
      why: explainChoices(llama, model, settings, { memory, calibration, contextSize, cores }),
      loadMs: Math.round(performance.now() - started),
    }
    const speed = calibration.measured && {
      watch: new SpeedWatch(calibration.measured.stepMs),
      forget: () => forgetCalibration(model, cores, settings),
    }
    const encoder = new Encoder(model, { contextSize, threads })
    return new LlamaEngine(llama, model, info, encoder, chat, store, speed)
  }

  /** @throws {JobError} `model-load` for a model that writes no text */
  get chat(): ChatResources {
    if (this.chatResources !== undefined) return this.chatResources
    throw noChatTemplate()
  }

  async hasSlowedDown(answer: ChatResult): Promise<boolean> {
    if (this.speed?.watch.hasCollapsed(answer) !== true) return false
    await this.speed.forget()
    return true
  }

  /** Frees the model, after saving the sequences' states if `keepPrefixes` is set. */
  async dispose(): Promise<void> {
    try {
      await this.store?.save(this.chatResources?.pool.sequences ?? [])
    } finally {
      await this.llama.dispose()
    }
  }
}

async function makeChat(
  model: LlamaModel,
  prompt: ChatTemplate | undefined,
  { contextSize }: MemoryPlan,
  { threads, batchSize }: Calibration,
  { parallel, context, kvCache, adapters = [] }: LoadSettings,
): Promise<ChatResources & { context: LlamaContext }> {
  let pool: SequencePool | undefined
  const llamaContext = await model.createContext({
    // A step waits for other sequences only when there are some: waiting a turn costs 1.5 % of the decoding speed.
    batching: { dispatchSchedule: (step) => (pool?.shared ? setImmediate(step) : step()) },
    contextSize,
    batchSize: Math.min(batchSize, contextSize),
    sequences: parallel,
    threads,
    // Values of 8 bits need flash attention.
    ...(kvCache === 'q8_0' && {
      flashAttention: true,
      experimentalKvCacheKeyType: 'Q8_0',
      experimentalKvCacheValueType: 'Q8_0',
    }),
    ...(adapters.length > 0 && {
      lora: { adapters: adapters.map(({ path, scale = 1 }) => ({ filePath: path, scale })) },
    }),
    failedCreationRemedy: context === undefined ? {} : false,
  })
  pool = new SequencePool(Array.from({ length: parallel }, () => llamaContext.getSequence()))
  return { prompt, pool, slices: new SliceSizer(), batchSize: llamaContext.batchSize, context: llamaContext }
}

/** What the state of a sequence depends on, besides the model's files. */
function storedFacts(context: LlamaContext, version: string): unknown[] {
  const { contextSize, kvCacheKeyType, kvCacheValueType, totalSequences } = context
  return [version, contextSize, totalSequences, kvCacheKeyType, kvCacheValueType]
}

/** The choices and their reasons, one sentence each. */
function explainChoices(
  llama: Llama,
  model: LlamaModel,
  { gpu, context, parallel, gpuLayers, kvCache }: LoadSettings,
  chosen: { memory: MemoryPlan; calibration: Calibration; contextSize: number; cores: number },
): string[] {
  const { memory, calibration, contextSize, cores } = chosen
  const { totalLayers } = model.fileInsights
  const used = Math.min(model.gpuLayers, totalLayers)
  return [
    llama.gpu === false
      ? `CPU: ${gpu === false ? 'as asked' : 'no GPU build of the engine works on this machine'}`
      : `GPU (${llama.gpu}): ${used} of ${totalLayers} layers, ${gpuLayers === undefined ? 'as many as its memory holds' : 'as asked'}`,
    `${calibration.threads} of ${cores} usable cores, batches of ${calibration.batchSize}: ${calibration.why}`,
    `${parallel} sequences of ${contextSize} tokens: ${context === undefined ? `the model was trained for ${model.trainContextSize}` : 'as asked'}`,
    explainKvCache(kvCache),
    `memory: ${megabytes(memory.weights)} of weights, ${megabytes(memory.context)} of context, ${megabytes(memory.available)} were free`,
  ]
}

/** The error for a model that could not be loaded, with its likely cause. */
async function loadError(
  { modelPath, context, parallel, adapters = [] }: LoadSettings,
  cause: unknown,
  engineErrors: string[],
): Promise<never> {
  if (cause instanceof JobError) throw cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const size = await stat(modelPath).then(
    ({ size }) => size,
    () => 0,
  )
  const detail =
    engineErrors.length > 0
      ? engineErrors.map((line) => line.replace(/^\w+: (error loading model: )?/, '')).join('; ')
      : reason
  if (/memory|too large|alloc/i.test(`${reason} ${detail}`))
    throw notEnoughMemory(
      modelPath,
      `the file has ${megabytes(size)}, and ${parallel} sequences of ${context ?? 'at least 256'} tokens were asked for (${reason})`,
    )
  if (/lora/i.test(detail))
    throw new JobError(
      'model-load',
      `${adapters.map(({ path }) => path).join(' or ')} does not fit ${modelPath}: ${detail}. Adapters must be GGUF files made for exactly this model.`,
    )
  throw new JobError(
    'model-load',
    `${modelPath} is not a model this engine can load: ${detail}. The file may be incomplete or damaged (${megabytes(size)}); download it again.`,
  )
}
