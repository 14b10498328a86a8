// One page of metrics for several gateways: sums of what they count, and no counter that goes backwards.
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { CombinedMetrics } from './combined-metrics.js'
import { gateway } from './gateway.js'

async function answering(requests: number) {
  const loaded = await loadConfig({ config: {}, user: false })
  const own = gateway({ loaded, otherwise: () => mockProvider({ answers: Array(requests).fill('Hi') }) })
  onTestFinished(() => own.close())
  for (let at = 0; at < requests; at++) {
    const body = JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'Hi' }] })
    const url = 'http://127.0.0.1/v1/chat/completions'
    await (await own.fetch(new Request(url, { method: 'POST', body }))).text()
  }
  return own
}

const value = (text: string, name: string) =>
  text.split('\n').flatMap((line) => (line.startsWith(name) ? [Number(line.split(' ').at(-1))] : []))

it('adds up what gateways count, and keeps what one had counted that has ended', async () => {
  const metrics = new CombinedMetrics()
  const gateways = await Promise.all([answering(2), answering(3)])
  for (const [at, one] of gateways.entries())
    metrics.update(at, JSON.parse(JSON.stringify(await one.metrics())))
  const counts = async () => {
    const text = await metrics.text()
    return {
      requests: value(text, 'patchbay_requests_total{'),
      seconds: value(text, 'patchbay_request_seconds_count{'),
      running: value(text, 'patchbay_requests_running '),
    }
  }
  const all = { requests: [5], seconds: [5], running: [0] }
  expect(await counts()).toEqual(all)
  metrics.ended(0)
  expect(await counts()).toEqual(all)
  metrics.update(2, await (await answering(1)).metrics())
  metrics.ended(1)
  expect(await counts()).toEqual({ requests: [6], seconds: [6], running: [0] })
})
