// The time limit of one tool, and how progress extends it.
import { expect, it } from 'vitest'
import { fakeClock } from '../../../testing/src/fake-clock.js'
import { overTime } from '../../test/world.js'
import type { ToolContext } from '../contract/tool.js'
import { runTool } from './run-tool.js'

async function outcomeOf(run: (context: ToolContext, wait: (ms: number) => Promise<void>) => unknown) {
  const clock = fakeClock()
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve))
  const tool = { name: 'slow', input: {}, run: (_: unknown, context: ToolContext) => run(context, wait) }
  const outcome = runTool(
    { id: 'c', name: 'slow', input: {} },
    [tool],
    { signal: new AbortController().signal, messages: [], context: undefined },
    { timeout: 1000, maxLength: 1000, clock, approve: () => true },
  )
  return overTime(clock, outcome)
}

it('is prolonged by each report of progress, up to ten times its length', async () => {
  const reports = (count: number) =>
    outcomeOf(async ({ progress }, wait) => {
      for (let report = 0; report < count; report++) {
        await wait(900)
        progress?.()
      }
      return 'done'
    })
  expect(await reports(10)).toMatchObject({ isError: false, output: 'done', ms: 9000 })
  expect(await reports(20)).toMatchObject({
    isError: true,
    output: expect.stringContaining('longer than 1000 ms, in spite of its progress'),
    ms: 10_000,
  })
})

it('is up without progress, and late progress changes nothing', async () => {
  let late: ToolContext['progress']
  const outcome = await outcomeOf(async ({ progress }, wait) => {
    late = progress
    await wait(5000)
  })
  expect(outcome).toMatchObject({
    isError: true,
    output: expect.stringContaining('longer than 1000 ms'),
    ms: 1000,
  })
  late?.()
})
