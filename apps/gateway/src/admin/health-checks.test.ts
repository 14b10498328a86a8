// Checks of providers that are slow: what was found is kept, and nothing waits without end.
import type { Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { HealthChecks } from './health-checks.js'

/** A time limit that the test ends. */
function limit() {
  const controller = new AbortController()
  const end = () => controller.abort(new DOMException('The time is over.', 'TimeoutError'))
  return { end, signal: () => controller.signal }
}

it('a provider that is slow with tools still answers with text, and the rest had no time', async () => {
  const { end, signal } = limit()
  const slow = () => {
    end()
    return { text: 'late', delay: 60_000 }
  }
  const llm = mockProvider({ answers: ['Hi', 'Hi', slow] })
  const health = await new HealthChecks(async () => llm, signal).of('main', 0)
  const late = { outcome: 'failed', detail: expect.stringContaining('timeout') }
  const rest = { outcome: 'failed', detail: expect.stringContaining('not asked') }
  expect(health).toMatchObject({
    ok: true,
    provider: 'mock',
    findings: {
      ...{ text: { outcome: 'yes' }, stream: { outcome: 'yes' } },
      ...{ tools: late, json: rest, vision: rest, embed: rest },
    },
  })
  expect(llm.requests).toHaveLength(3)
})

it('a provider that does not open ends with the time, and is opened again by the next check', async () => {
  const limits = [limit(), limit()]
  const opened: string[] = []
  const open = (name: string) => {
    opened.push(name)
    return new Promise<Provider>((resolve) => {
      if (opened.length === 1) limits[0]?.end()
      else resolve(mockProvider())
    })
  }
  let checks = 0
  const health = new HealthChecks(open, () => (limits[checks++] as ReturnType<typeof limit>).signal())
  expect(await health.of('main', 0)).toMatchObject({
    ok: false,
    findings: {},
    problem: expect.stringContaining('timeout'),
  })
  expect(await health.of('main', 0)).toMatchObject({ ok: true })
})

it('a provider that ignores the signal does not hold up a check', async () => {
  const { end, signal } = limit()
  const deaf = {
    ...{ provider: 'deaf', model: 'm' },
    chat: () => {
      end()
      return new Promise<never>(() => {})
    },
    capabilities: () => new Promise<never>(() => {}),
  } as unknown as Provider
  const health = await new HealthChecks(async () => deaf, signal).of('main', 0)
  expect(health).toMatchObject({ ok: false, provider: 'deaf' })
  expect(health.findings.text).toMatchObject({ outcome: 'failed' })
})
