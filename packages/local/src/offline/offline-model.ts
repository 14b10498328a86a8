// A model's vocabulary and chat template without its weights, behind the same backend as a running model.
import { type ChatRequest, type ChatResponse, defineProvider, isLlmError, LlmError } from '@patchbay/core'
import type { Llama } from 'node-llama-cpp'
import { type JobRunner, LocalBackend } from '../backend.js'
import { workerFailure } from '../errors.js'
import { checkModelFile, locateModel } from '../options/model-file.js'
import { Job } from '../supervisor/job.js'
import type { ChatJob, ChatResult } from '../supervisor/protocol.js'
import { importEngine } from '../worker/engine/import-engine.js'
import { wireError } from '../worker/failure.js'
import type { GrammarEngine } from '../worker/grammar/grammar.js'
import { ChatTemplate } from '../worker/prompt/chat-template.js'
import { canInfill } from '../worker/prompt/infill.js'

/** A model without weights. */
export interface OfflineModel extends GrammarEngine {
  readonly template: ChatTemplate
}

/** Does the work of one job: writes its text and calls, and returns how it ended. */
export type RunJob = (model: OfflineModel, request: ChatJob, job: Job) => Promise<ChatResult>

/**
 * Makes a chat call whose job is done by `run` instead of a worker. The call checks and prepares the request, and fails,
 * as one to `local()` does.
 * @throws {LlmError} all errors of `chat()`
 */
export async function chatOffline(
  modelPath: string,
  request: ChatRequest,
  run: RunJob,
): Promise<ChatResponse> {
  const { path, name } = locateModel(modelPath)
  const runner = new OfflineRunner(path, run)
  try {
    return await defineProvider(new LocalBackend(runner, name), { retry: false }).chat(request)
  } finally {
    await runner.release()
  }
}

/** Takes jobs as the scheduler does, one at a time and without a worker. */
class OfflineRunner implements JobRunner {
  #model: Promise<OfflineModel> | undefined

  constructor(
    private readonly path: string,
    private readonly run: RunJob,
  ) {}

  async ready() {
    const { model, template } = await this.#load()
    return {
      contextSize: model.trainContextSize ?? Number.MAX_SAFE_INTEGER,
      tools: template.calls !== undefined,
      thinks: template.thinking !== undefined,
      infills: canInfill(model),
      vision: false,
      audio: false,
    }
  }

  submit(...[request, entry, context]: Parameters<JobRunner['submit']>): Job {
    if (!('messages' in request)) throw new LlmError('unsupported', 'A model without weights can only chat.')
    const job = new Job(request, entry, context, () => {})
    job.markStarted()
    this.#load()
      .then((model) => this.run(model, request, job))
      .then(
        (result) => job.done(result),
        (error) => job.fail(asFailure(error)),
      )
    return job
  }

  cancel(job: Job, reason: LlmError): void {
    job.fail(reason)
  }

  async count(request: Parameters<JobRunner['count']>[0]): Promise<number> {
    return (await this.#load()).template.tokens(request).length
  }

  async release(): Promise<void> {
    await this.#model?.then(
      ({ model }) => model.dispose(),
      () => {},
    )
  }

  #load(): Promise<OfflineModel> {
    this.#model ??= loadVocabulary(this.path).catch((error) => {
      throw asFailure(error)
    })
    return this.#model
  }
}

function asFailure(error: unknown): LlmError {
  return isLlmError(error) ? error : workerFailure(wireError(error, 'model-load'))
}

/** The engine without a GPU, started once for all models: starting takes longer than reading a vocabulary. */
let engine: Promise<Llama> | undefined

async function startEngine(): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await importEngine()
  return getLlama({ build: 'never', gpu: false, logLevel: LlamaLogLevel.error, progressLogs: false })
}

async function loadVocabulary(modelPath: string): Promise<OfflineModel> {
  await checkModelFile(modelPath)
  engine ??= startEngine().catch((error) => {
    // The next call may try again.
    engine = undefined
    throw error
  })
  const llama = await engine
  const model = await llama.loadModel({ modelPath, vocabOnly: true })
  const template = ChatTemplate.of(model)
  if (template !== undefined) return { llama, model, template }
  await model.dispose()
  throw new LlmError('model-load', 'This model has no chat template, so it cannot chat.')
}
