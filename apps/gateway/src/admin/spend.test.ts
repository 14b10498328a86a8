// Spend that adds up: what the gateway says was used is what the services say, to the request, the token and the cent.
import { expect, it, vi } from 'vitest'
import { type AdminWorld, adminWorld } from '../../test/admin-world.js'
import {
  bookkeepingServices,
  expectSameBooks,
  pick,
  prices,
  protocols,
  type Services,
} from '../../test/mixed-calls.js'

async function world(): Promise<AdminWorld & { services: Services }> {
  const { services, config } = await bookkeepingServices()
  return { ...(await adminWorld({}, undefined, config)), services }
}

it('six hundred mixed calls add up to what the services have in their books', async () => {
  const { services, ...gateway } = await world()
  await expectSameBooks(gateway, services, 600)
}, 300_000)

it.each(
  protocols.map((call, index) => [call('', '', true)[0], index] as const),
)('a stream of %s that a client leaves counts as a request with what had come, as an estimate', async (_, index) => {
  const { admin, url, written } = await world()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  for (const model of ['sonnet', 'gpt', 'llama']) {
    const [path, body] = pick(protocols, index)(
      `A question of forty characters ${'x'.repeat(10)} (stops)`,
      model,
      true,
    )
    const leaving = new AbortController()
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    })
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('Hello')) break
    }
    leaving.abort()
  }
  await written()
  const { data } = (await admin('GET', '/requests?key=ann')).body
  expect(data).toHaveLength(3)
  for (const row of data) {
    expect(row).toMatchObject({ status: 499, error: 'aborted', estimated: true, answeredBy: row.model })
    expect(row.inputTokens).toBeGreaterThan(5)
    expect(row.outputTokens).toBeGreaterThanOrEqual(1)
    const { input, output } = prices[row.model as keyof typeof prices]
    expect(row.usd).toBeCloseTo((row.inputTokens * input + row.outputTokens * output) / 1e6, 9)
  }
  const [sum] = (await admin('GET', '/spend')).body.data
  expect(sum).toMatchObject({ requests: 3, errors: 3 })
  expect(sum.usd).toBeGreaterThan(0)
})

it('a whole answer that a client does not wait for counts as an estimate, too', async () => {
  const { admin, url, written, services } = await world()
  const { key } = (await admin('POST', '/keys', { name: 'ann' })).body
  const leaving = new AbortController()
  const [path, body] = pick(protocols, 0)('A question (stops)', 'gpt', false)
  const asking = fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  }).catch((error: unknown) => error)
  await vi.waitFor(() => expect(services.openai.books.cut).toBe(1), { timeout: 20_000 })
  leaving.abort()
  await asking
  await written()
  const { data } = (await admin('GET', '/requests?key=ann')).body
  expect(data).toMatchObject([{ status: 499, estimated: true, provider: 'openai', answeredBy: 'gpt' }])
  expect(data[0].usd).toBeGreaterThan(0)
})
