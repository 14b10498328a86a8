// Clients of the gateway benchmark, in a process of their own: one kind of load against one address.
import { Agent, request as ask, type IncomingMessage } from 'node:http'

/** What is asked for. */
export interface Load {
  kind: 'latency' | 'requests' | 'stream' | 'burst' | 'hold'
  url: string
  headers: Record<string, string>
  /** What the gateway calls them. */
  models: Record<'plain' | 'stream' | 'burst' | 'hold', string>
  callers: number
  /** Of load, in milliseconds; of `latency`, how many calls. */
  amount: number
}

/** The outcome of a load. */
export interface Came {
  /** Milliseconds, of each call of `latency`. */
  times?: number[]
  calls: number
  /** Pieces of text. */
  tokens: number
  failed: number
  ms: number
  /** The first of what failed. */
  why?: string
}

const load: Load = JSON.parse(process.argv[2] ?? '')
const { kind, url, headers, models, callers, amount } = load
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const came: Came = { calls: 0, tokens: 0, failed: 0, ms: 0 }

function open(model: string, stream: boolean): Promise<IncomingMessage> {
  const body = JSON.stringify({
    model,
    stream,
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'Say something.' }],
  })
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    }
    ask(`${url}/v1/chat/completions`, options, resolve).on('error', reject).end(body)
  })
}

async function call(model: string, stream: boolean): Promise<void> {
  try {
    const response = await open(model, stream)
    let text = ''
    for await (const piece of response) text += piece
    const tokens = text.split('word').length - 1
    const right = stream ? tokens === 500 && text.includes('[DONE]') : text.includes('A short answer.')
    if (response.statusCode !== 200 || !right) throw new Error(`${response.statusCode}: ${text.slice(-300)}`)
    came.calls++
    came.tokens += stream ? tokens : 0
  } catch (error) {
    came.failed++
    came.why ??= String(error)
  }
}

const began = performance.now()
if (kind === 'latency') {
  const times: number[] = []
  for (let index = 0; index < amount; index++) {
    const from = performance.now()
    await call(models.plain, false)
    times.push(performance.now() - from)
  }
  came.times = times
} else if (kind === 'hold') {
  const opened = Array.from({ length: callers }, async () => {
    const response = await open(models.hold, true)
    await new Promise<void>((resolve, reject) => {
      response.on('data', (piece) => {
        if (!String(piece).includes('word')) return
        came.calls++
        resolve()
      })
      response.on('end', () => reject(new Error(`It ended: ${response.statusCode}.`)))
      response.on('error', reject)
    })
  })
  const deadline = new Promise((resolve) => setTimeout(resolve, amount))
  await Promise.race([Promise.allSettled(opened), deadline])
} else {
  const until = began + amount
  const one = async () => {
    const isStream = kind === 'stream' || kind === 'burst'
    while (performance.now() < until) await call(isStream ? models[kind] : models.plain, isStream)
  }
  await Promise.all(Array.from({ length: callers }, one))
}
came.ms = performance.now() - began
process.stdout.write(`${JSON.stringify(came)}\n`)
// Streams stay open until memory was measured.
if (kind === 'hold') await new Promise((resolve) => process.stdin.once('end', resolve).resume())
process.exit(0)
