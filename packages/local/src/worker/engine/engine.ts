// The engine: one model and what is done with it. It alone touches the weights.
import { stat } from 'node:fs/promises'
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp'
import { megabytes } from '../../options/megabytes.js'
import type { LoadSettings, ReadyInfo } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { Prompt } from '../prompt/prompt.js'
import { type Calibration, calibrate } from './calibrate.js'
import { usableCores } from './cores.js'
import { Encoder } from './encoder.js'
import { type MemoryPlan, notEnoughMemory, planMemory } from './memory.js'
import { PrefixStore } from './prefix-store.js'
import { Pace } from './prompt-batching.js'
import { Lanes } from './sequence-pool.js'

/** Where loading reports to, and asks. */
export interface LoadListener {
  progress(share: number): void
  log(level: string, message: string): void
  /** The model will take so many bytes; it is loaded once this resolves. */
  admit(bytes: number): Promise<void>
}

/** What generating needs. */
export interface Chat {
  readonly prompt: Prompt
  readonly lanes: Lanes
  readonly pace: Pace
  readonly batchSize: number
}

export class Engine {
  private constructor(
    readonly llama: Llama,
    readonly model: LlamaModel,
    readonly info: ReadyInfo,
    readonly encoder: Encoder,
    private readonly chatPart: Chat | undefined,
    private readonly store: PrefixStore | undefined,
  ) {}

  /** @throws {JobError} `model-load`, with what to do about it */
  static async load(settings: LoadSettings, listener: LoadListener): Promise<Engine> {
    const started = performance.now()
    const { modelPath } = settings
    const { getLlama, LlamaLogLevel, getModuleVersion } = await importEngine()
    const complaints: string[] = []
    const logger = (level: string, message: string): void => {
      if (level === 'error' || level === 'fatal') complaints.push(message.trim())
      listener.log(level, message.trim())
    }
    const failed = (cause: unknown): Promise<never> => failedLoad(settings, cause, complaints)
    const llama = await getLlama({
      build: 'never',
      gpu: settings.gpu,
      logLevel: LlamaLogLevel.warn,
      logger,
      progressLogs: false,
    }).catch((cause: Error) => {
      throw new JobError('model-load', `The engine does not start: ${cause.message}`)
    })
    const memory = await planMemory(llama, settings).catch(failed)
    await listener.admit(memory.weights + memory.context)
    const model = await llama
      .loadModel({
        modelPath,
        ...(settings.gpuLayers !== undefined && { gpuLayers: settings.gpuLayers }),
        onLoadProgress: listener.progress,
      })
      .catch(failed)
    const cores = usableCores()
    const calibration = await calibrate(model, cores, settings)
    const prompt = Prompt.of(model, settings.chatTemplate)
    // A model without a chat template is not made for chat; it needs no room for conversations.
    const chat = prompt && (await makeChat(model, prompt, memory, calibration, settings).catch(failed))
    const store =
      chat && (await PrefixStore.of(chat.context, settings, await getModuleVersion()).catch(failed))
    const restored = (await store?.restore(chat?.lanes.sequences ?? [])) ?? 0
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
      thinks: prompt?.thinking !== undefined,
      restored,
      why: reasons(llama, model, settings, { memory, calibration, contextSize, cores }),
      loadMs: Math.round(performance.now() - started),
    }
    return new Engine(llama, model, info, new Encoder(model, { contextSize, threads }), chat, store)
  }

  /** @throws {JobError} `model-load` for a model that has no chat template */
  get chat(): Chat {
    if (this.chatPart !== undefined) return this.chatPart
    throw new JobError(
      'model-load',
      'This model has no chat template, so it is not made for chat. Use an instruct model, or pass `chatTemplate` (Jinja).',
    )
  }

  /** Ends it; what the sequences hold is kept where that was asked for. */
  async dispose(): Promise<void> {
    try {
      await this.store?.save(this.chatPart?.lanes.sequences ?? [])
    } finally {
      await this.llama.dispose()
    }
  }
}

// The engine may not be installed; only its loading says so.
function importEngine(): Promise<typeof import('node-llama-cpp')> {
  return import('node-llama-cpp').catch((cause: Error) => {
    const missing = /Cannot find (package|module) 'node-llama-cpp'/.test(cause.message)
    throw new JobError(
      'model-load',
      missing
        ? 'The engine is not installed. Run: npm install node-llama-cpp'
        : `The engine does not load: ${cause.message}`,
    )
  })
}

async function makeChat(
  model: LlamaModel,
  prompt: Prompt,
  { contextSize }: MemoryPlan,
  { threads, batchSize }: Calibration,
  { parallel, context, adapters = [] }: LoadSettings,
): Promise<Chat & { context: LlamaContext }> {
  let lanes: Lanes | undefined
  const made = await model.createContext({
    // A step waits for the others only when there are others: the wait of a whole turn costs 1.5 % of decoding.
    batching: { dispatchSchedule: (step) => (lanes?.shared ? setImmediate(step) : step()) },
    contextSize,
    batchSize: Math.min(batchSize, contextSize),
    sequences: parallel,
    threads,
    ...(adapters.length > 0 && {
      lora: { adapters: adapters.map(({ path, scale = 1 }) => ({ filePath: path, scale })) },
    }),
    failedCreationRemedy: context === undefined ? {} : false,
  })
  lanes = new Lanes(Array.from({ length: parallel }, () => made.getSequence()))
  return { prompt, lanes, pace: new Pace(), batchSize: made.batchSize, context: made }
}

/** What was chosen, and why, a line each. */
function reasons(
  llama: Llama,
  model: LlamaModel,
  { gpu, context, parallel, gpuLayers }: LoadSettings,
  chosen: { memory: MemoryPlan; calibration: Calibration; contextSize: number; cores: number },
): string[] {
  const { memory, calibration, contextSize, cores } = chosen
  const { totalLayers } = model.fileInsights
  const used = Math.min(model.gpuLayers, totalLayers)
  return [
    llama.gpu === false
      ? `CPU: ${gpu === false ? 'as asked' : 'no GPU build of the engine works here'}`
      : `GPU (${llama.gpu}): ${used} of ${totalLayers} layers, ${gpuLayers === undefined ? 'as many as its memory holds' : 'as asked'}`,
    `${calibration.threads} of ${cores} usable cores, batches of ${calibration.batchSize}: ${calibration.why}`,
    `${parallel} sequences of ${contextSize} tokens: ${context === undefined ? `the model was trained for ${model.trainContextSize}` : 'as asked'}`,
    `memory: ${megabytes(memory.weights)} of weights, ${megabytes(memory.context)} of context, ${megabytes(memory.available)} were free`,
  ]
}

/** A model that could not be loaded, told by what is wrong with it. */
async function failedLoad(
  { modelPath, context, parallel, adapters = [] }: LoadSettings,
  cause: unknown,
  complaints: string[],
): Promise<never> {
  if (cause instanceof JobError) throw cause
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
      `the file has ${megabytes(size)}, and ${parallel} sequences of ${context ?? 'at least 256'} tokens were asked for (${reason})`,
    )
  if (/lora/i.test(detail))
    throw new JobError(
      'model-load',
      `${adapters.map(({ path }) => path).join(' or ')} does not go with ${modelPath}: ${detail}. Adapters must be GGUF files made for this very model.`,
    )
  throw new JobError(
    'model-load',
    `${modelPath} is not a model this engine can load: ${detail}. The file may be incomplete or damaged (${megabytes(size)}); download it again.`,
  )
}
