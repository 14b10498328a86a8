// How long single requests of 20 MiB keep the gateway's event loop busy: each hostile body of the gateway's tests, on its way to each
// backend, three times in turn. What others wait for is the longest time of the processor between two turns of the loop. Linux only.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { answeringServices } from '../../apps/gateway/test/answering-services.js'
import { hostile } from '../../apps/gateway/test/hostile.js'
import { bundled } from './bundle.js'
import { writeReport } from './report.js'

const ways = ['Chat Completions', 'Claude', 'Ollama', 'mask over Chat Completions']
const looks = 3

interface Figure {
  way: string
  name: string
  status: number
  /** Milliseconds, one for each time. */
  longest: number[]
}

/** The status; 0 if the gateway closed the connection before the body's end. */
async function post(url: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  try {
    const response = await fetch(url, { method: 'POST', body, headers })
    await response.text()
    return response.status
  } catch {
    return 0
  }
}

async function longestSince(gateway: ChildProcess): Promise<number> {
  gateway.send('read')
  const [longest] = await once(gateway, 'message')
  return longest
}

async function measure(way: string, baseURL: string): Promise<Figure[]> {
  const gateway = fork(program, [way, baseURL])
  const [url] = await once(gateway, 'message')
  const figures: Figure[] = []
  // All that is loaded when it is needed is there.
  await post(
    `${url}/v1/chat/completions`,
    JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(400_000) }] }),
  )
  for (const [name, [path, make]] of Object.entries(hostile)) {
    const body = make()
    const longest: number[] = []
    let status = 0
    for (let look = 0; look < looks; look++) {
      await longestSince(gateway)
      status = await post(url + path, body)
      longest.push(Math.round(await longestSince(gateway)))
    }
    figures.push({ way, name, status, longest })
  }
  gateway.kill()
  return figures
}

const program = await bundled('event-loop-gateway')
const services = await answeringServices()
const figures: Figure[] = []
for (const way of ways) figures.push(...(await measure(way, services.url)))
services.stop()

const first = (figure: Figure) => figure.longest[0] ?? Number.NaN
const sorted = figures.sort((a, b) => first(b) - first(a))
const share = (most: number) => figures.filter((figure) => Math.max(...figure.longest) <= most).length
writeReport('event-loop', figures, [
  `${figures.length} pairs of body and backend, ${looks} times each: ${share(50)} never above 50 ms, ${share(25)} never above 25 ms. The ten longest:`,
  '',
  '| body | to | first time | second | third |',
  '|---|---|--:|--:|--:|',
  ...sorted
    .slice(0, 10)
    .map(({ way, name, longest }) => `| ${name} | ${way} | ${longest.map((ms) => `${ms} ms`).join(' | ')} |`),
])
