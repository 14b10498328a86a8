// The thread for large JSON: what cannot be handed to it, or be written, fails alone.
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished, vi } from 'vitest'
import { parseInThread, writeInThread } from './json-thread.js'

it('what it cannot be handed fails, and keeps no process alive', async () => {
  const kept = vi.spyOn(Worker.prototype, 'ref')
  onTestFinished(() => kept.mockRestore())
  await expect(writeInThread({ call: () => {} })).rejects.toThrow('could not be cloned')
  expect(kept).not.toHaveBeenCalled()
})

it('what cannot be written fails by itself; others beside it are answered', async () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  const body = [new TextEncoder().encode('{"a":'), new TextEncoder().encode('1}')]
  const [before, number, round, after, read] = await Promise.allSettled([
    writeInThread([1]),
    writeInThread({ large: 1n }),
    writeInThread(circle),
    writeInThread({ vector: new Float32Array([0.5]) }),
    parseInThread(body, 9, 9),
  ])
  expect([before, after].map((one) => one?.status === 'fulfilled' && String(one.value))).toEqual([
    '[1]',
    '{"vector":[0.5]}',
  ])
  expect(read).toMatchObject({ value: { value: { a: 1 } } })
  for (const one of [number, round])
    expect(one).toMatchObject({
      reason: expect.objectContaining({ message: expect.stringContaining('as JSON') }),
    })
})
