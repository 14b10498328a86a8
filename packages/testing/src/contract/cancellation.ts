// Contract tests of cancellation: aborts, deadlines, and close().
import { isLlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { countListeners, resources, waitForRelease } from './resources.js'
import { all } from './stream-events.js'
import type { Subject } from './subject.js'

export function cancellation(subject: Subject): void {
  const { short, long, factory, failure, failsWith, answers } = subject

  describe('an abort', () => {
    it('before the call ends it at once', async () => {
      await failsWith('aborted', subject.provider.chat(short, { signal: AbortSignal.abort() }))
      const stream = subject.provider.stream(short)
      stream.abort()
      await failsWith('aborted', all(stream))
    })

    it('before the first event ends it, and the provider still answers', async () => {
      const controller = new AbortController()
      const call = subject.provider.chat(long, { signal: controller.signal })
      await Promise.resolve()
      controller.abort()
      await failsWith('aborted', call)
      await answers()
    })

    it('between events ends it with what had arrived', async () => {
      const controller = new AbortController()
      const stream = subject.provider.stream(long, { signal: controller.signal })
      let seen = ''
      const error = await failsWith(
        'aborted',
        (async () => {
          for await (const event of stream) {
            if (event.type !== 'text') continue
            seen += event.text
            controller.abort(new Error('enough'))
          }
        })(),
      )
      expect(error.partial?.text.startsWith(seen)).toBe(true)
      expect(error.cause).toMatchObject({ message: 'enough' })
      await failsWith('aborted', stream.response())
      await answers()
    })

    it('after the end changes nothing, and no listener is left', async () => {
      const controller = new AbortController()
      const counted = countListeners(controller.signal)
      const response = await subject.provider.chat(short, { signal: controller.signal })
      for await (const event of subject.provider.stream(long, { signal: controller.signal }))
        if (event.type === 'text') break
      await failure(subject.provider.chat([], { signal: controller.signal }))
      expect(counted()).toBe(0)
      controller.abort()
      expect(response.text).not.toBe('')
    })
  })

  it('an aborted or late stream that nobody reads to its end does not keep close() waiting', async () => {
    const own = await factory()
    const aborted = own.stream(long)
    expect((await aborted[Symbol.asyncIterator]().next()).value).toMatchObject({ type: 'start' })
    aborted.abort()
    const late = own.stream(long, { timeout: 100 })
    await late[Symbol.asyncIterator]()
      .next()
      .catch(() => {})
    await expect(own.close()).resolves.toBeUndefined()
  })

  describe('a deadline', () => {
    it('before the first event ends the call', async () => {
      await failsWith('timeout', subject.provider.chat(long, { timeout: 0.001, retry: false }))
      await answers()
    })

    it('between events ends it, with what had arrived', async () => {
      // The shortest deadline that lets the first text come: a busy machine, or a large model, takes longer.
      let partial = ''
      for (let total = 100; partial === '' && total < 30_000; total *= 4) {
        const stream = subject.provider.stream(long, { timeout: { total } })
        const started = performance.now()
        const error = await failsWith(
          'timeout',
          (async () => {
            for await (const event of stream)
              if (event.type === 'text')
                await new Promise((resolve) =>
                  setTimeout(resolve, total + 50 - (performance.now() - started)),
                )
          })(),
        )
        partial = error.partial?.text ?? ''
      }
      expect(partial).not.toBe('')
      await answers()
    })
  })
  describe('close', () => {
    it('waits for running calls, refuses later ones, and leaves no timer, socket or process behind', async () => {
      const before = resources()
      const own = await factory()
      await own.chat(short)
      const running = own.chat(long)
      const closing = own.close()
      expect((await running).finishReason).toBe('stop')
      await closing
      await own.close()
      const error: unknown = await own.chat(short).catch((thrown) => thrown)
      expect(isLlmError(error, 'closed')).toBe(true)
      await waitForRelease(before)
      expect(resources()).toBeLessThanOrEqual(before)
    })
  })
}
