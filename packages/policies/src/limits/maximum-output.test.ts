// The most tokens of an answer: asked for when it is needed, not at every call.
import { type Capabilities, LlmError } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { budget } from '../index.js'
import { DelegatingProvider } from '../middleware/delegating-provider.js'

class Asked extends DelegatingProvider {
  asked = 0
  maxOutput: number | undefined
  override async capabilities(): Promise<Capabilities> {
    this.asked++
    if (this.maxOutput === undefined) throw new LlmError('network', 'Not now.')
    return { ...(await this.inner.capabilities()), maxOutput: this.maxOutput }
  }
}

it('a budget asks for it once a second by its clock, and again after a failure', async () => {
  const clock = fakeClock()
  const inner = new Asked(mockProvider())
  const provider = budget(inner, { limits: [{ per: 'day', tokens: 5000 }], clock })
  // Unknown: 4,096 are assumed.
  for (const asked of [1, 2]) {
    await provider.chat('x')
    expect(inner.asked).toBe(asked)
  }
  inner.maxOutput = 10
  for (let call = 0; call < 20; call++) await provider.chat('x')
  expect(inner.asked).toBe(3)
  inner.maxOutput = 9999
  await clock.advance(1000)
  await expect(provider.chat('x')).rejects.toMatchObject({ code: 'budget-exceeded' })
  expect(inner.asked).toBe(4)
})
