// What a response must say, and how a conversation goes on from it.
import type { Message } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.js'

export function responses(subject: Subject): void {
  const { short, long, deterministic } = subject

  describe('a response', () => {
    it('says who answered, how long it took and what it used', async () => {
      const response = await subject.provider.chat(short)
      expect(response).toMatchObject({
        provider: subject.provider.provider,
        attempts: 1,
        finishReason: 'stop',
        warnings: [],
      })
      expect(response.message.role).toBe('assistant')
      expect(response.usage.inputTokens).toBeGreaterThan(0)
      expect(response.usage.outputTokens).toBeGreaterThan(0)
      const { firstTokenMs, totalMs } = response.timing
      expect(firstTokenMs).toBeGreaterThanOrEqual(0)
      expect(totalMs).toBeGreaterThanOrEqual(firstTokenMs)
    })

    it('can be appended to the conversation, which goes on', async () => {
      const first = await subject.provider.chat(short)
      const messages: Message[] = [
        { role: 'user', content: short },
        first.message,
        { role: 'user', content: short },
      ]
      const second = await subject.provider.chat({ system: 'You are a helpful assistant.', messages })
      expect(second.text).not.toBe('')
      expect(second.usage.inputTokens ?? 0).toBeGreaterThan(first.usage.inputTokens ?? 0)
    })

    it('is cut at maxOutputTokens, and says so', async ({ skip }) => {
      if (subject.capabilities.options?.maxOutputTokens === false) skip()
      const response = await subject.provider.chat({ messages: long, maxOutputTokens: 3 })
      expect(response.finishReason).toBe('length')
      expect(response.usage.outputTokens ?? 0).toBeLessThanOrEqual(3)
    })

    it('holds for many callers at once, each with its own answer', async () => {
      const responses = await Promise.all(
        Array.from({ length: 12 }, (_, index) => subject.provider.chat(index % 2 ? long : short)),
      )
      for (const { text } of responses) expect(text).not.toBe('')
      if (deterministic) expect(new Set(responses.map(({ text }) => text)).size).toBe(2)
    })
  })
}
