// Contract tests of streams: order of events, one reader, a slow reader, and several streams at the same time.
import type { ChatEvent } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { all, deltas, last, partText } from './stream-events.js'
import type { Subject } from './subject.js'

export function streams(subject: Subject): void {
  const { short, long, deterministic, factory, failsWith, answers } = subject

  describe('a stream', () => {
    it('starts once, finishes once, and its deltas are the text', async () => {
      const events = await all(subject.provider.stream(long))
      expect(events.filter(({ type }) => type === 'start')).toHaveLength(1)
      expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1)
      expect(events[0]).toMatchObject({ type: 'start', provider: subject.provider.provider })
      const { response } = last(events)
      expect(deltas(events, 'text')).toBe(response.text)
      expect(deltas(events, 'reasoning')).toBe(response.reasoning)
      expect(events.filter((event) => event.type === 'text' && event.text === '')).toEqual([])
      expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(1)
      expect(partText(response.message.content)).toBe(response.text)
    })

    it('gives what chat gives', async () => {
      const { response } = last(await all(subject.provider.stream(short)))
      const chat = await subject.provider.chat(short)
      expect(Object.keys(chat).sort()).toEqual(Object.keys(response).sort())
      expect(chat.finishReason).toBe(response.finishReason)
      expect(chat.provider).toBe(response.provider)
      expect(chat.model).toBe(response.model)
      if (deterministic) expect(chat.text).toBe(response.text)
    })

    it('can be read as text, or by response(), before, after or instead of its events', async () => {
      const stream = subject.provider.stream(short)
      let text = ''
      for await (const delta of stream.text) text += delta
      const response = await stream.response()
      expect(text).toBe(response.text)
      expect(await stream.response()).toBe(response)

      const both = subject.provider.stream(short)
      const asked = both.response()
      let read = ''
      // The loop begins in the same turn, so it gets everything.
      for await (const delta of both.text) read += delta
      expect(read).toBe((await asked).text)

      const half = subject.provider.stream(long)
      const events = half[Symbol.asyncIterator]()
      await events.next()
      expect((await half.response()).finishReason).toBe('stop')
      // The loop loses nothing: it gets the rest, up to the finish.
      let end: ChatEvent | undefined
      for (let next = await events.next(); !next.done; next = await events.next()) end = next.value
      expect(end?.type).toBe('finish')
    })

    it('has one reader', async () => {
      const stream = subject.provider.stream(short)
      const reading = all(stream)
      expect(() => stream[Symbol.asyncIterator]()).toThrow(/already being read/)
      expect(last(await reading).response.text).not.toBe('')
    })

    it('is aborted by leaving its loop', async () => {
      const stream = subject.provider.stream(long)
      for await (const event of stream) if (event.type === 'text') break
      await failsWith('aborted', stream.response())
      await answers()
    })

    it('gives a slow reader the same text', async () => {
      const quick = await subject.provider.chat(long)
      let text = ''
      for await (const delta of subject.provider.stream(long).text) {
        text += delta
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (deterministic) expect(text).toBe(quick.text)
      expect(text).not.toBe('')
    })

    it('does not mix with another one read at the same time', async () => {
      const streams = [subject.provider.stream(long), subject.provider.stream(short)]
      const seen = ['', '']
      const readers = streams.map((stream) => stream.text[Symbol.asyncIterator]())
      for (const open = new Set([0, 1]); open.size > 0; )
        for (const index of open) {
          const next = await (readers[index] as AsyncIterator<string>).next()
          if (next.done) open.delete(index)
          else seen[index] += next.value
        }
      const whole = await Promise.all(streams.map((stream) => stream.response()))
      expect(seen).toEqual(whole.map(({ text }) => text))
      if (deterministic)
        expect(seen).toEqual([
          (await subject.provider.chat(long)).text,
          (await subject.provider.chat(short)).text,
        ])
    })

    it('that is never read costs nothing', async () => {
      const own = await factory()
      const stream = own.stream(short)
      await own.close()
      await failsWith('closed', stream.response())
    })
  })
}
