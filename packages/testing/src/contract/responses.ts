// What a response must say, and how a conversation goes on from it.
import type { ChatRequest, ChatResponse, Message } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { person, type Subject } from './subject.js'

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

    // A short answer nobody watches may come in one piece; nothing else of it may differ.
    it.each<[what: string, request: ChatRequest, feature?: 'tools' | 'json' | 'reasoning']>([
      ['an answer', { messages: short }],
      ['a tool call', subject.toolRequest, 'tools'],
      ['JSON', { messages: short, output: { schema: person } }, 'json'],
      ['reasoning', { messages: short, reasoning: 'low' }, 'reasoning'],
    ])('with a limit is what the stream says: %s', async (_, request, feature) => {
      if (!deterministic || (feature !== undefined && subject.capabilities[feature] !== true)) return
      const limited = { ...request, ...subject.limit(2000) }
      const chatted = await subject.provider.chat(limited)
      const stream = subject.provider.stream(limited)
      for await (const _ of stream);
      const streamed = await stream.response()
      const told = ({ message, finishReason, rawFinishReason, output, warnings, usage }: ChatResponse) => ({
        // Ids, ours and those in a provider's state, are of one answer only.
        message: message.content.map(({ opaque, ...part }) => ({
          ...part,
          ...('id' in part && { id: '' }),
          opaque: opaque?.provider,
        })),
        ...{ finishReason, rawFinishReason, output, warnings },
        usage: { ...usage, cachedInputTokens: 0 },
      })
      expect(told(chatted)).toEqual(told(streamed))
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
