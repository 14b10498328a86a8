// Tasks that a server has the client work on: bounded, and never waited for after they were cancelled.
import { expect, it } from 'vitest'
import { ClientTasks } from './client-tasks.js'

const forever = () => new Promise<never>(() => {})

it('a cancelled task ends who waits for its result, also where the work does not listen', async () => {
  const tasks = new ClientTasks()
  const { taskId } = tasks.create(undefined, forever).task
  const waiting = tasks.answer('tasks/result', { taskId }).catch((error: unknown) => error)
  expect(await tasks.answer('tasks/cancel', { taskId })).toMatchObject({ status: 'cancelled' })
  expect(await waiting).toBeInstanceOf(Error)
})

it('there are never more than a hundred, and none is kept for longer than an hour', () => {
  const tasks = new ClientTasks()
  for (const ttl of [1e300, Number.NaN, 'x', -1, null])
    expect(tasks.create(ttl, forever).task.ttl).toBeLessThanOrEqual(3_600_000)
  for (let count = 5; count < 100; count++) tasks.create(1, forever)
  expect(() => tasks.create(1, forever)).toThrow('100 tasks')
  tasks.close()
})
