// One round of the local benchmark, in a process of its own: measures one way to use a model and prints the figures.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { local } from '@patchbay/local'
import { getLlama, LlamaChatSession, LlamaLogLevel, type Token } from 'node-llama-cpp'

export type Kind = 'evaluate' | 'session' | 'patchbay'

/** What a round measures. */
export interface Figures {
  /** From the first token to the last, for each answer. */
  tokensPerSecond: number[]
  /** For each answer. */
  firstTokenMs: number[]
  /** CPU time of the app's own process; the worker's is not in it. */
  appCpuPerTokenUs: number
  loopDelayP99Ms: number
  /** From the abort to the end of a one-token answer asked for at once after it. */
  abortDecodeMs?: number
  /** The same, for an abort 100 ms into a prompt of 2,000 tokens. */
  abortPromptMs?: number
}

/** One way to use a model: `ask` answers with so many tokens, tells of each piece, and stops on abort. */
interface Way {
  ask(prompt: string, tokens: number, onPiece: () => void, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

const [kind, model = '', threads = ''] = process.argv.slice(2)
// With the engine's own choice of threads everything but a few tokens would take minutes.
const asItComes = kind !== 'patchbay' && threads === ''
const answer = asItComes ? 16 : 128
const story = 'Once there was a small model. '.repeat(70)

async function direct(session: boolean): Promise<Way> {
  const llama = await getLlama({ build: 'never', gpu: false, logLevel: LlamaLogLevel.error })
  const loaded = await llama.loadModel({ modelPath: model })
  const context = await loaded.createContext({
    contextSize: 4096,
    ...(threads !== '' && { threads: Number(threads) }),
  })
  const sequence = context.getSequence()
  if (session) {
    const chat = new LlamaChatSession({ contextSequence: sequence, systemPrompt: '' })
    return {
      async ask(prompt, maxTokens, onPiece, signal) {
        chat.resetChatHistory()
        await chat.prompt(prompt, {
          maxTokens,
          onTextChunk: onPiece,
          temperature: 0,
          ...(signal && { signal, stopOnAbortSignal: true }),
        })
      },
      close: () => llama.dispose(),
    }
  }
  return {
    async ask(prompt, maxTokens, onPiece, signal) {
      const text = `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n`
      await sequence.clearHistory()
      const made: Token[] = []
      for await (const token of sequence.evaluate(loaded.tokenize(text, true), { temperature: 0 })) {
        // With the tokens before, or the text would not be right.
        loaded.detokenize([token], false, made.slice(-3))
        onPiece()
        if (made.push(token) === maxTokens || signal?.aborted) break
      }
    },
    close: () => llama.dispose(),
  }
}

function patchbay(): Way {
  const provider = local(model, {
    parallel: 1,
    context: 4096,
    ...(threads !== '' && { threads: Number(threads) }),
  })
  return {
    async ask(messages, maxOutputTokens, onPiece, signal) {
      const stream = provider.stream({ messages, maxOutputTokens, temperature: 0 }, signal ? { signal } : {})
      for await (const _ of stream.text) onPiece()
    },
    close: () => provider.close(),
  }
}

const way = kind === 'patchbay' ? patchbay() : await direct(kind === 'session')
await way.ask('warm up', 8, () => {})

// Speed and CPU first: watching the event loop wakes the process a thousand times a second.
const speeds: number[] = []
const waits: number[] = []
const cpu = process.cpuUsage()
const turns = asItComes ? 1 : 10
for (let turn = 0; turn < turns; turn++) {
  let firstAt = 0
  const started = performance.now()
  await way.ask(`Tell me story ${turn}.`, answer, () => {
    firstAt ||= performance.now()
  })
  speeds.push((answer - 1) / ((performance.now() - firstAt) / 1000))
  waits.push(firstAt - started)
}
const { user, system } = process.cpuUsage(cpu)

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
await way.ask('Tell me a story.', answer, () => {})
delay.disable()

async function abortAfter(prompt: string, when: (abort: () => void) => () => void): Promise<number> {
  const controller = new AbortController()
  let aborted = 0
  const abort = () => {
    aborted ||= performance.now()
    controller.abort()
  }
  await way.ask(prompt, 1000, when(abort), controller.signal).catch(() => {})
  await way.ask('x', 1, () => {})
  return performance.now() - aborted
}

const figures: Figures = {
  tokensPerSecond: speeds,
  firstTokenMs: waits,
  appCpuPerTokenUs: (user + system) / answer / turns,
  loopDelayP99Ms: delay.percentile(99) / 1e6,
}
if (!asItComes) {
  figures.abortDecodeMs = await abortAfter('Tell me more.', (abort) => {
    let pieces = 0
    return () => ++pieces === 5 && abort()
  })
  figures.abortPromptMs = await abortAfter(story, (abort) => {
    setTimeout(abort, 100)
    return () => {}
  })
}
process.stdout.write(JSON.stringify(figures))
await way.close()
process.exit(0)
