// The engine in a process of its own: llama.cpp's llama-server. It has what node-llama-cpp lacks: images, sound, builds for
// more GPUs. Prompts, grammars and the reading of answers are the worker's own, as with the other engine.
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { megabytes } from '../../../options/megabytes.js'
import type { LoadSettings, ReadyInfo } from '../../../supervisor/protocol.js'
import { ChatTemplate } from '../../prompt/chat-template.js'
import { canInfill } from '../../prompt/infill.js'
import { usableCores } from '../cores.js'
import { Encoder } from '../encoder.js'
import { type ChatResources, type Engine, type LoadListener, noChatTemplate } from '../engine.js'
import { importEngine } from '../import-engine.js'
import { explainKvCache, type MemoryPlan, planMemory } from '../memory.js'
import { PrefixStore } from '../prefix-store.js'
import { SliceSizer } from '../prompt-batching.js'
import { SequencePool } from '../sequence-pool.js'
import { chooseDevices, type ServerDevices } from './server-devices.js'
import { ServerContexts } from './server-encoder.js'
import { ServerProcess, serverProgram } from './server-process.js'
import { ServerSequence } from './server-sequence.js'

const batchSize = 512

/** What a server tells of itself. */
interface ServerProperties {
  build_info?: string
  modalities?: { vision?: boolean; audio?: boolean }
  /** Random in each process; absent in older versions. */
  media_marker?: string
}

const olderMediaMarker = '<__media__>'

export class ServerEngine implements Engine {
  private constructor(
    readonly llama: Llama,
    readonly model: LlamaModel,
    readonly info: ReadyInfo,
    readonly encoder: Encoder,
    private readonly servers: ServerProcess[],
    private readonly chatResources: ChatResources | undefined,
    private readonly store: PrefixStore | undefined,
  ) {}

  /** @throws {JobError} `model-load` with advice */
  static async load(settings: LoadSettings, listener: LoadListener): Promise<ServerEngine> {
    const started = performance.now()
    const { modelPath, parallel } = settings
    const { getLlama, LlamaLogLevel } = await importEngine()
    // The vocabulary and the chat template are read here, the weights are not.
    const llama = await getLlama({
      build: 'never',
      gpu: false,
      logLevel: LlamaLogLevel.error,
      progressLogs: false,
    })
    const devices = await chooseDevices(serverProgram(settings.server), settings)
    const memory = await planMemory(llama, settings, devices.gpu === false)
    await listener.requestMemory(memory.weights + memory.context)
    const threads = settings.threads ?? usableCores()
    const servers: ServerProcess[] = []
    const startServer = async (args: string[]): Promise<ServerProcess> => {
      const server = await ServerProcess.start(
        settings.server,
        [...commonArguments(settings, devices, threads), ...args],
        { onLog: (line) => logLine(line, listener), onStart: (server) => listener.child(server) },
      )
      servers.push(server)
      return server
    }
    try {
      const model = await llama.loadModel({ modelPath, vocabOnly: true })
      const prompt = ChatTemplate.of(model, settings.chatTemplate)
      // A model that neither chats nor fills gaps needs no context for it.
      const writes = prompt !== undefined || canInfill(model)
      const chat = writes
        ? await startServer([...chatArguments(memory, settings), ...(settings.serverArgs ?? [])])
        : undefined
      const properties = ((await chat?.client.json('/props')) ?? {}) as ServerProperties
      const { build_info: build, modalities, media_marker: mediaMarker = olderMediaMarker } = properties
      const fields = chat && (await answerFields(chat, model))
      const pool = chat && new SequencePool(slots(chat, parallel, model, fields))
      const facts = [
        'llama-server',
        build,
        memory.contextSize,
        parallel,
        settings.kvCache,
        settings.serverArgs,
      ]
      const store = pool && (await PrefixStore.of(facts, settings))
      const restored = (await store?.restore(pool?.sequences ?? [])) ?? 0
      const info: ReadyInfo = {
        contextSize: memory.contextSize,
        parallel,
        threads,
        batchSize,
        gpu: devices.gpu,
        gpuLayers: devices.gpu === false ? 0 : (settings.gpuLayers ?? model.fileInsights.totalLayers),
        memory: { weights: memory.weights, context: memory.context, available: memory.available },
        tools: prompt?.calls !== undefined,
        infills: canInfill(model),
        thinks: prompt?.thinking !== undefined,
        vision: modalities?.vision === true,
        audio: modalities?.audio === true,
        restored,
        why: explainChoices(settings, memory, devices, threads, build),
        loadMs: Math.round(performance.now() - started),
      }
      const contexts = new ServerContexts(model, startServer)
      const encoder = new Encoder(model, { contextSize: memory.contextSize, threads }, contexts)
      const resources = pool && { prompt, pool, slices: new SliceSizer(), batchSize, mediaMarker }
      return new ServerEngine(llama, model, info, encoder, servers, resources, store)
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()))
      throw error
    }
  }

  get chat(): ChatResources {
    if (this.chatResources !== undefined) return this.chatResources
    throw noChatTemplate()
  }

  async dispose(): Promise<void> {
    try {
      await this.store?.save(this.chatResources?.pool.sequences ?? [])
    } finally {
      await Promise.all(this.servers.map((server) => server.stop()))
    }
  }
}

function slots(
  server: ServerProcess,
  count: number,
  model: LlamaModel,
  fields: object | undefined,
): ServerSequence[] {
  return Array.from({ length: count }, (_, slot) => new ServerSequence(server, slot, model, fields))
}

/**
 * Since 2026, the server parses each answer as a chat message from its beginning, token after token, and refuses one that
 * begins with half a character. The answers are read here: a parser that reads nothing, in the server's own notation, does no
 * harm. Servers that do not know it, or not in this form, are left alone.
 */
async function answerFields({ client }: ServerProcess, model: LlamaModel): Promise<object> {
  const fields = { chat_parser: JSON.stringify({ parsers: [{ type: 'epsilon' }], rules: {}, root: 0 }) }
  const request = { prompt: model.tokenize('a'), n_predict: 0, ...fields }
  return client.json('/completion', request).then(
    () => fields,
    () => ({}),
  )
}

function commonArguments(
  { modelPath, adapters = [] }: LoadSettings,
  { args }: ServerDevices,
  threads: number,
): string[] {
  return [
    ...['--model', modelPath, '--threads', String(threads), '--no-webui', '--offline', ...args],
    ...adapters.flatMap(({ path, scale = 1 }) => ['--lora-scaled', `${path}:${scale}`]),
  ]
}

function chatArguments({ contextSize }: MemoryPlan, { parallel, mmproj, kvCache }: LoadSettings): string[] {
  return [
    ...['--parallel', String(parallel), '--ctx-size', String(contextSize * parallel), '--no-kv-unified'],
    ...['--batch-size', String(batchSize), '--no-context-shift', '--cache-ram', '0', '--slots'],
    ...(kvCache === undefined
      ? []
      : ['--cache-type-k', kvCache, '--cache-type-v', kvCache, '--flash-attn', 'on']),
    ...(mmproj === undefined ? [] : ['--mmproj', mmproj]),
  ]
}

/** The choices and their reasons, one sentence each. */
function explainChoices(
  { gpu, context, parallel, server, threads: wanted, kvCache }: LoadSettings,
  memory: MemoryPlan,
  devices: ServerDevices,
  threads: number,
  build: string | undefined,
): string[] {
  return [
    `llama-server ${build ?? ''} (${serverProgram(server)})`,
    devices.gpu === false
      ? `CPU: ${gpu === false ? 'as asked' : 'this llama-server has no GPU'}`
      : `GPU (${devices.gpu})`,
    `${threads} threads: ${wanted === undefined ? 'one for each usable core' : 'as configured'}`,
    `${parallel} sequences of ${memory.contextSize} tokens: ${context === undefined ? 'as many as usual and as fit' : 'as asked'}`,
    explainKvCache(kvCache),
    `memory: ${megabytes(memory.weights)} of weights, ${megabytes(memory.context)} of context, ${megabytes(memory.available)} were free`,
  ]
}

/** The server marks lines of its log with a letter for their level. */
function logLine(line: string, { log }: LoadListener): void {
  const level = /^[\d.]+ ([WE]) /.exec(line)?.[1]
  if (level !== undefined) log(level === 'E' ? 'error' : 'warn', line.trim())
}
