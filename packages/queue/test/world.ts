// Queues and workers of one Redis for tests, closed when the test ends.
import {
  type Backend,
  type CallOptions,
  type Capabilities,
  defineProvider,
  type Provider,
} from '@patchbay/core'
import { onTestFinished } from 'vitest'
import { type QueueOptions, queue, type WorkerOptions, worker } from '../src/index.js'

let names = 0
/** A name that no other queue has. */
export const freshName = (): string => `calls-${process.pid}-${names++}`

// Short, so that tests of what is gone are over soon.
export const lease = 1000

export function openQueue(name: string, options: QueueOptions): Provider {
  const llm = queue(name, { lease, ...options })
  onTestFinished(() => llm.close())
  return llm
}

export async function openWorker(name: string, provider: Provider, options: WorkerOptions) {
  const running = await worker(name, provider, { lease, ...options })
  onTestFinished(() => running.close())
  return running
}

const capabilities: Capabilities = {
  ...{ tools: true, vision: true, files: true, audio: true, json: true, reasoning: true, embed: false },
}

/** A provider whose answers are written in the test. */
export function provider(chat: Backend['chat'], more: Partial<Backend> = {}): Provider {
  return defineProvider(
    { provider: 'own', model: 'own-1', capabilities: () => capabilities, chat, ...more },
    { retry: false },
  )
}

/** Begins a call, and resolves once it waits in the queue. */
export async function queued(
  llm: Provider,
  text: string,
  options: CallOptions & { queue?: { caller?: string; priority?: 'high' | 'normal' | 'low' } } = {},
): Promise<{ answer: Promise<string> }> {
  const { queue: turn, ...rest } = options
  let answer: Promise<string> = Promise.resolve('')
  await new Promise<void>((resolve, reject) => {
    const request = { messages: text, ...(turn && { providerOptions: { queue: turn } }) }
    const onStatus = ({ type }: { type: string }) => (type === 'queued' ? resolve() : undefined)
    answer = llm.chat(request, { ...rest, onStatus }).then((response) => response.text)
    answer.catch(reject)
  })
  // In an object, since a promise would be waited for.
  return { answer }
}

/** A promise, and the function that fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
