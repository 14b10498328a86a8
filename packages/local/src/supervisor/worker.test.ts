// The worker on the real engine: shared handles, the bounded queue, aborts, slow readers and crashes.
import { describe, expect, it } from 'vitest'
import { alive, failureOf, open, openRandom, readFirstText, waitUntil } from '../../test/fixtures.js'

const question = 'What is the capital of France?'

describe('handles', () => {
  it('share one process, which ends with the last handle', async () => {
    const first = open()
    const second = first.share()
    const answers = await Promise.all([first.chat(question), second.chat(question)])
    expect(answers.map(({ text }) => text)).toEqual(Array(2).fill('The capital of France is Paris.'))
    const { pid = 0 } = first.stats()
    expect(second.stats()).toMatchObject({ pid, handles: 2, finished: 2 })

    await first.close()
    expect(alive(pid)).toBe(true)
    expect(await failureOf(first.chat(question))).toMatchObject({ code: 'closed' })
    expect((await second.chat(question)).text).toContain('Paris')
    await second.close()
    await waitUntil(() => !alive(pid))
    expect(await failureOf(second.chat(question))).toMatchObject({ code: 'closed' })
    expect(() => second.share()).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  it('finish the queued calls when they are closed', async () => {
    const provider = open({ parallel: 1 })
    const calls = Array.from({ length: 5 }, () => provider.chat(question))
    await provider.close()
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(
      Array(5).fill('The capital of France is Paris.'),
    )
  })

  it('that were never used start no process', async () => {
    const provider = open()
    expect(provider.stats()).toMatchObject({ pid: undefined, handles: 1 })
    await provider.close()
  })

  it('start again after a failure to load', async () => {
    const provider = open({ context: 2_000_000_000 })
    expect(await failureOf(provider.chat(question))).toMatchObject({ code: 'model-load' })
    expect(await failureOf(provider.chat(question))).toMatchObject({ code: 'model-load' })
    expect(provider.stats()).toMatchObject({ queued: 0, running: 0, restarts: 0 })
  })
})

describe('the queue', () => {
  it('rejects a call at once if it is full, and runs the others in order', async () => {
    const provider = open({ queue: 2, parallel: 1 })
    const done: number[] = []
    const calls = [0, 1, 2].map(async (index) => {
      await provider.chat('Count to 12.')
      done.push(index)
    })
    const error = await failureOf(provider.chat(question))
    expect(error).toMatchObject({ code: 'queue-full', retryable: true, attempts: 1 })
    expect(error.message).toContain('2 places')
    expect(done).toEqual([])
    await Promise.all(calls)
    expect(done).toEqual([0, 1, 2])
  })

  it('lets calls wait with whenFull: wait', async () => {
    const provider = open({ queue: 1, parallel: 1, whenFull: 'wait' })
    const done: number[] = []
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await provider.chat(question)
        done.push(index)
      }),
    )
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('drops an aborted job before it starts', async () => {
    const provider = openRandom({}, { parallel: 1 })
    const busy = provider.stream('talk')
    await readFirstText(busy)
    const controller = new AbortController()
    const gone = provider.chat('never', { signal: controller.signal })
    const late = provider.chat('never', { timeout: 50 })
    await waitUntil(() => provider.stats().queued === 2)
    controller.abort()
    expect(await failureOf(gone)).toMatchObject({ code: 'aborted' })
    expect(await failureOf(late)).toMatchObject({ code: 'timeout' })
    expect(provider.stats()).toMatchObject({ queued: 0, running: 1 })
    busy.abort()
    await failureOf(busy.response())
    await waitUntil(() => provider.stats().running === 0)
    // Only the first one ever ran.
    expect(provider.stats().finished).toBe(1)
  })

  it('reports the positions of waiting calls', async () => {
    const provider = open({ parallel: 1 })
    const heard: string[] = []
    const call = provider.chat(question, { onStatus: (status) => heard.push(status.type) })
    await Promise.all([call, ...[1, 2].map(() => provider.chat(question))])
    expect(heard[0]).toBe('loading')
    const positions: number[] = []
    await Promise.all(
      [1, 2, 3].map(() =>
        provider.chat(question, {
          onStatus: (status) => status.type === 'queued' && positions.push(status.position),
        }),
      ),
    )
    // Two wait; then the second of them is the first.
    expect(positions).toEqual([1, 2, 1])
    const { timing } = await call
    expect(timing.queuedMs).toBeGreaterThanOrEqual(0)
  })
})

describe('an abort', () => {
  it('frees the sequence at the next step', async () => {
    const provider = openRandom({}, { parallel: 1 })
    for (let round = 0; round < 5; round++) {
      const stream = provider.stream('talk')
      await readFirstText(stream)
      stream.abort()
      // It would talk to the end of its context; the next call gets the only sequence long before.
      expect((await provider.chat({ messages: 'and you?', maxOutputTokens: 3 })).usage.outputTokens).toBe(3)
    }
  })

  it('stops a long prompt within one slice', async () => {
    const provider = openRandom({ layers: 4, width: 256 }, { parallel: 1, context: 4096 })
    const prompt = 'a long story. '.repeat(250)
    const started = performance.now()
    await provider.chat({ messages: prompt, maxOutputTokens: 1 })
    const whole = performance.now() - started

    const controller = new AbortController()
    const call = provider.chat(
      { messages: `other ${prompt}`, maxOutputTokens: 1 },
      { signal: controller.signal },
    )
    await waitUntil(() => provider.stats().running === 1)
    controller.abort()
    await failureOf(call)
    const aborted = performance.now()
    await provider.chat({ messages: 'hi', maxOutputTokens: 1 })
    expect(performance.now() - aborted).toBeLessThan(whole / 2)
  })
})

describe('a slow reader', () => {
  it('does not delay other calls, and loses nothing', async () => {
    const provider = openRandom({}, { parallel: 2 })
    const slow = provider.stream({ messages: 'talk', maxOutputTokens: 500 })
    const text = await readFirstText(slow)
    for (let round = 0; round < 3; round++)
      expect((await provider.chat({ messages: 'hi', maxOutputTokens: 50 })).usage.outputTokens).toBe(50)
    let rest = 0
    while (!(await text.next()).done) rest++
    expect(rest).toBeGreaterThan(0)
    const response = await slow.response()
    expect(response.usage.outputTokens).toBe(500)
    expect(response.text).toBe((await provider.chat({ messages: 'talk', maxOutputTokens: 500 })).text)
  })
})

describe('a crash', () => {
  it.each([
    'SIGKILL',
    'SIGSEGV',
  ] as const)('by %s fails the running call with its partial answer, and runs waiting ones in a new process', async (signal) => {
    const provider = openRandom({}, { parallel: 1 })
    const running = provider.stream('talk')
    const text = await readFirstText(running)
    const waiting = provider.chat({ messages: 'hi', maxOutputTokens: 5 })
    await waitUntil(() => provider.stats().queued === 1)
    const { pid = 0 } = provider.stats()
    process.kill(pid, signal)
    const error = await failureOf(
      (async () => {
        while (!(await text.next()).done);
      })(),
    )
    expect(error).toMatchObject({
      code: 'worker-crashed',
      retryable: true,
      provider: 'local',
      model: 'random',
    })
    expect(error.message).toContain(signal)
    expect(error.partial?.text).not.toBe('')
    expect((await waiting).usage.outputTokens).toBe(5)
    expect(provider.stats()).toMatchObject({ restarts: 1 })
    expect(provider.stats().pid).not.toBe(pid)
    expect(alive(pid)).toBe(false)
  })

  it('of an idle process goes unnoticed: the next call starts a new one', async () => {
    const provider = open()
    await provider.chat(question)
    const { pid = 0 } = provider.stats()
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => provider.stats().pid === undefined)
    expect((await provider.chat(question)).text).toContain('Paris')
  })

  it('that repeats while loading ends in an error instead of a loop', async () => {
    const provider = open()
    const call = failureOf(provider.chat(question))
    let over = false
    void call.finally(() => {
      over = true
    })
    let killed = 0
    while (!over) {
      const { pid } = provider.stats()
      if (pid !== undefined && alive(pid)) {
        process.kill(pid, 'SIGKILL')
        killed++
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await call).toMatchObject({ code: 'worker-crashed' })
    expect(killed).toBeGreaterThan(1)
    expect((await provider.chat(question)).text).toContain('Paris')
  })

  it('is retried by a call with retries', async () => {
    const provider = openRandom({ layers: 4, width: 256 }, { parallel: 1 })
    await provider.chat({ messages: 'hi', maxOutputTokens: 1 })
    const call = provider.chat(
      { messages: 'a long story. '.repeat(200), maxOutputTokens: 3 },
      { retry: { retries: 2, baseDelay: 1 } },
    )
    await waitUntil(() => provider.stats().running === 1)
    process.kill(provider.stats().pid ?? 0, 'SIGKILL')
    expect(await call).toMatchObject({ attempts: 2, usage: { outputTokens: 3 } })
  })

  it('that is a hang is detected, and the process is killed', async () => {
    const provider = openRandom({}, { parallel: 1, heartbeat: 400 })
    const running = provider.stream('talk')
    const text = await readFirstText(running)
    const { pid = 0 } = provider.stats()
    process.kill(pid, 'SIGSTOP')
    const error = await failureOf(
      (async () => {
        while (!(await text.next()).done);
      })(),
    )
    expect(error).toMatchObject({
      code: 'worker-crashed',
      message: expect.stringContaining('stopped answering'),
    })
    await waitUntil(() => !alive(pid))
  })
})
