// A mock provider with `budget` around it, under a fake clock.
import type { Usage } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { type Allowance, budget } from '../src/index.js'

export const prices = { 'mock-1': { input: 1, output: 10 } }
export const ask = { messages: 'x', maxOutputTokens: 100 }
export const answered = (usage: Usage, text = 'x') => ({ text, usage })
export function budgeted(limits: Allowance[], usage: Usage = { inputTokens: 10, outputTokens: 100 }) {
  const clock = fakeClock()
  const inner = mockProvider({
    clock,
    retry: false,
    answers: Array.from({ length: 200 }, () => answered(usage)),
  })
  return { clock, inner, provider: budget(inner, { limits, prices, clock }) }
}
