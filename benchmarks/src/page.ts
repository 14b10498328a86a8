// The gateway's page in a real browser (Chromium): how long its first load takes on a slow phone, and how many frames a second it
// draws while four models stream 100 tokens a second each under a conversation of 500 messages. The slow phone is Lighthouse's
// (docs/throttling.md, 2024): a processor four times slower, 1.6 Mbit/s and 150 ms for each answer.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { browserPath, launch, type Page } from '../../apps/gateway/test/chromium.js'
import { bundled } from './bundle.js'
import { median, percentile, writeReport } from './report.js'

const models = ['one', 'two', 'three', 'four']
const visits = 7
const warmUpMs = 3000
const measuredMs = 10_000

/** Runs in the page before all else: when the question can be typed, and when the page was busy. */
const watchLoad = `
  window.load = { ready: 0, busyUntil: 0, listed: 0 }
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.load.busyUntil = startTime + duration
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    if (document.querySelector('.composer textarea') === null) return requestAnimationFrame(look)
    setTimeout(() => { window.load.ready = performance.now() })
  }
  const list = () => {
    if (document.querySelectorAll('.model-picker option').length > 1) window.load.listed = performance.now()
    else requestAnimationFrame(list)
  }
  look()
  list()`

interface Load {
  /** Milliseconds until something is seen, until one can type and the page answers, and until the models are listed. */
  seen: number
  interactive: number
  listed: number
  bytes: number
}

async function measureLoad(url: string): Promise<Load> {
  const { page, context } = await browser.open('about:blank', {
    viewport: { width: 390, height: 780 },
    isMobile: true,
    hasTouch: true,
  })
  await context.addInitScript(watchLoad)
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: 1.6e6 / 8,
    uploadThroughput: 750e3 / 8,
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  await page.goto(url)
  let listed = 0
  while (listed === 0) {
    await page.waitForTimeout(200)
    listed = await page.evaluate<number>('window.load.listed')
  }
  const { ready, busyUntil, seen, bytes } = await page.evaluate<Record<string, number>>(`({
    ...window.load,
    seen: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    bytes: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  })`)
  await context.close()
  const whole = { seen: seen ?? Number.NaN, ready: ready ?? Number.NaN, bytes: bytes ?? Number.NaN }
  // A task that began before one could type and was longer than 50 ms keeps the page from answering.
  return { seen: whole.seen, interactive: Math.max(whole.ready, busyUntil ?? 0), listed, bytes: whole.bytes }
}

interface Frames {
  perSecond: number
  /** Milliseconds between two frames. */
  median: number
  p95: number
  longest: number
  /** Processor time of the page's main thread, in milliseconds for each second. */
  busy: number
}

async function measureFrames(url: string): Promise<Frames> {
  const { page, context } = await browser.open('about:blank')
  context.setDefaultTimeout(60_000)
  await context.addInitScript(`localStorage.setItem('patchbay.models', '${JSON.stringify(models)}')`)
  await page.goto(url)
  await openLong(page)
  await page.getByLabel('Your question').fill('Tell me all.')
  await page.getByLabel('Your question').press('Enter')
  await page.waitForTimeout(warmUpMs)
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
  const before = await busy()
  const times = await page.evaluate<number[]>(`new Promise((resolve) => {
    const times = []
    const frame = (at) => {
      times.push(at)
      if (at - times[0] > ${measuredMs}) resolve(times)
      else requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })`)
  const used = (await busy()) - before
  const running = await page.locator('[aria-busy="true"]').count()
  if (running !== models.length) throw new Error(`Only ${running} models were streaming.`)
  await context.close()
  const between = times.slice(1).map((at, index) => at - (times[index] ?? at))
  const seconds = between.reduce((sum, ms) => sum + ms, 0) / 1000
  return {
    perSecond: between.length / seconds,
    median: median(between),
    p95: percentile(between, 0.95),
    longest: Math.max(...between),
    busy: used / seconds,
  }
}

/** Imports a conversation of 250 questions and answers, and opens it. */
async function openLong(page: Page): Promise<void> {
  const turns = Array.from({ length: 250 }, (_, index) => ({
    id: `t${index}`,
    question: [{ type: 'text', text: `Question ${index}` }],
    answers: [
      {
        model: 'one',
        messages: [
          {
            role: 'assistant',
            content: `Answer **${index}**\n\n- one\n- two\n\n\`\`\`ts\nconst a = ${index}\n\`\`\``,
          },
        ],
      },
    ],
  }))
  const text = JSON.stringify({
    format: 'patchbay-conversations',
    version: 1,
    conversations: [{ id: 'long', title: 'Long', at: 1, turns }],
  })
  const file = { name: 'long.json', mimeType: 'application/json', buffer: Buffer.from(text) }
  await page.getByLabel('Exported conversations').setInputFiles(file)
  await page.getByRole('button', { name: 'Long', exact: true }).click()
  await page.getByRole('article').nth(249).waitFor()
}

if (browserPath === undefined || browserPath === '') process.exit(0)
const gateway = fork(await bundled('page-gateway'))
const [url] = (await once(gateway, 'message')) as [string]
const browser = await launch()
const loads: Load[] = []
for (let visit = 0; visit < visits; visit++) loads.push(await measureLoad(url))
const frames = await measureFrames(url)
await browser.close()
gateway.kill()

const middle = (key: keyof Load) => median(loads.map((load) => load[key]))
const ms = (value: number) => `${Math.round(value)} ms`
writeReport('page', { loads, frames }, [
  '| the page | |',
  '|---|--:|',
  `| first load, compressed | ${(middle('bytes') / 1000).toFixed(0)} KB |`,
  `| first paint, slow phone | ${ms(middle('seen'))} |`,
  `| interactive, slow phone | ${ms(middle('interactive'))} |`,
  `| models listed, slow phone | ${ms(middle('listed'))} |`,
  `| frames a second, four models | ${frames.perSecond.toFixed(1)} |`,
  `| between two frames: median, 95 %, longest | ${frames.median.toFixed(1)}, ${frames.p95.toFixed(1)}, ${frames.longest.toFixed(1)} ms |`,
  `| processor time of the page, for each second | ${ms(frames.busy)} |`,
])
