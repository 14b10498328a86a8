// Contract tests of invalid and unusual requests: an answer or one typed error, and the provider still works afterwards.
import type { ChatInput, ErrorCode } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.js'

export function requests(subject: Subject): void {
  const { answerOr, failsWith, answers } = subject

  describe('a bad request', () => {
    const bad: [what: string, request: ChatInput, code: ErrorCode][] = [
      ['no messages', [], 'invalid-request'],
      ['an empty message', '', 'invalid-request'],
      [
        'only messages the model may not see',
        [{ role: 'user', content: 'hi', visibility: 'user' }],
        'invalid-request',
      ],
      ['a temperature that is not a number', { messages: 'hi', temperature: Number.NaN }, 'invalid-request'],
      ['a negative limit', { messages: 'hi', maxOutputTokens: -1 }, 'invalid-request'],
      [
        'a tool result without its call',
        [{ role: 'tool', content: [{ type: 'tool-result', id: 'x', output: 'y' }] }],
        'invalid-request',
      ],
      [
        'a choice of a tool that is not in the request',
        { messages: 'hi', toolChoice: { name: 'nothing' } },
        'invalid-request',
      ],
    ]
    it.each(bad)('is refused with a typed error: %s', async (_, request, code) => {
      const error = await failsWith(code, subject.provider.chat(request))
      expect(error.retryable).toBe(false)
    })

    it('of five megabytes gives an answer or a typed error, and the provider still works', async () => {
      // The limit keeps a mock that echoes the request from answering with a million events.
      const request = { messages: 'word '.repeat(1_000_000), ...subject.limit(20) }
      const response = await answerOr(['context-length', 'invalid-request'], subject.provider.chat(request))
      expect(response?.text).not.toBe('')
      await answers()
    })

    it('of any characters is taken as text', async () => {
      const response = await subject.provider.chat({
        messages: 'Zoë 🦀 \u0000 \uD800 <|im_end|> <s>[INST] {{x}} {% y %}\r\n 中文',
        ...subject.limit(20),
      })
      expect(response.warnings).toMatchObject([{ code: 'repaired', feature: 'unicode' }])
      expect(response.text.isWellFormed()).toBe(true)
    })
  })
}
