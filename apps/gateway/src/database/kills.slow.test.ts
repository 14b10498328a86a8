// Kills of the gateway: the sums differ from the service's books by no more than what had not been written.
import { expect, it, onTestFinished } from 'vitest'
import { adminKey, adminWorld, sqliteAddress, worldOf } from '../../test/admin-world.js'
import { bookkeepingService } from '../../test/bookkeeping-service.js'
import { gatewayProcess } from '../../test/killed-gateway.js'
import { newKey } from '../index.js'

const { key, hash } = newKey()
const clients = 4

it('after kills at any moment, what was written is there once, and at most what waited is missing', async () => {
  const service = await bookkeepingService('openai-chat')
  const database = sqliteAddress()
  const providers = {
    gpt: { use: 'openai' as const, model: 'gpt', baseURL: `${service.url}/v1`, apiKey: 'x' },
  }
  const config = { default: 'gpt', providers, gateway: { database, keys: { ann: { hash } } } }
  let answered = 0
  /** Answers whose records may be lost: those since the last look at what was written, and those that ran. */
  let unwritten = 0
  for (let round = 0; round < 5; round++) {
    const gateway = await gatewayProcess(config, adminKey)
    onTestFinished(() => gateway.kill())
    const { ask } = worldOf(gateway)
    const before = answered
    let isKilled = false
    let waiting = 0
    const clientsDone = Array.from({ length: clients }, async () => {
      while (!isKilled) {
        const answer = await ask(key, undefined, {
          messages: [{ role: 'user', content: `Question ${answered}` }],
        }).catch(() => undefined)
        if (answer?.status === 200) answered++
      }
    })
    // It is killed after another number of answers each time, in the midst of others, whenever these come.
    while (answered < before + 30 + round * 37) await new Promise(setImmediate)
    const text = await (await fetch(`${gateway.url}/metrics`, { headers: { 'x-api-key': key } })).text()
    const written = Number(/^patchbay_database_records_total\{result="written"\} (\d+)$/m.exec(text)?.[1])
    await gateway.kill()
    isKilled = true
    await Promise.all(clientsDone)
    waiting = answered - before - written
    unwritten += waiting + clients
  }
  const { admin } = await adminWorld({ database })
  const [sum] = (await admin('GET', '/spend')).body.data
  const { answers, input, output } = service.books
  expect(answers).toBeGreaterThanOrEqual(answered)
  // More than it was told of is never counted, and nothing twice.
  expect(sum.requests).toBeLessThanOrEqual(answers)
  expect(sum.requests).toBeGreaterThanOrEqual(answered - unwritten)
  expect(sum.requests).toBeGreaterThan(0)
  const each = { input: input / answers, output: output / answers }
  expect(Math.abs(sum.inputTokens - each.input * sum.requests)).toBeLessThan(sum.requests)
  expect(sum.outputTokens).toBe(each.output * sum.requests)
  const { data } = (await admin('GET', '/requests?limit=1000')).body
  expect(data).toHaveLength(sum.requests)
  expect(data.reduce((total: number, row: { inputTokens: number }) => total + row.inputTokens, 0)).toBe(
    sum.inputTokens,
  )
})

it.skipIf(process.platform === 'win32')(
  'a disk that is full costs no call, and the metrics and the log say so',
  async () => {
    const service = await bookkeepingService('openai-chat')
    const providers = {
      gpt: { use: 'openai' as const, model: 'gpt', baseURL: `${service.url}/v1`, apiKey: 'x' },
    }
    const gatewaySettings = { database: sqliteAddress(), keys: { ann: { hash } } }
    // No file may grow beyond this many blocks, so that writing fails in the midst of a transaction.
    const gateway = await gatewayProcess(
      { default: 'gpt', providers, gateway: gatewaySettings },
      adminKey,
      1200,
    )
    onTestFinished(() => gateway.kill())
    const { ask } = worldOf(gateway)
    const metrics = async () => {
      const text = await (await fetch(`${gateway.url}/metrics`, { headers: { 'x-api-key': key } })).text()
      return (name: string) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.slice(name.length),
        )
    }
    let calls = 0
    let metric = await metrics()
    while (calls < 1500 && metric('patchbay_database_up') === 1) {
      for (let call = 0; call < 50; call++, calls++) {
        const messages = [{ role: 'user', content: 'Hi' }]
        expect((await ask(key, undefined, { model: 'x'.repeat(200), messages })).status).toBe(200)
      }
      metric = await metrics()
    }
    expect(metric('patchbay_database_up')).toBe(0)
    const written = metric('patchbay_database_records_total{result="written"}')
    expect(written).toBeGreaterThan(0)
    expect(metric('patchbay_database_waiting')).toBe(calls - written)
    expect(gateway.log()).toMatch(/The database cannot be used: .*(full|disk)/i)
    expect((await ask(key, undefined, { messages: [{ role: 'user', content: 'Hi' }] })).status).toBe(200)
  },
)
