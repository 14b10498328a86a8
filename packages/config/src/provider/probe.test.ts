// Probes: what is kept when the time is over, and what an abort does.
import { cache } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { probe } from '../index.js'

it('a signal that is out of time keeps what was found; another abort ends the probe', async () => {
  const probed = (reason: unknown) => {
    const controller = new AbortController()
    const slow = () => {
      controller.abort(reason)
      return { text: 'late', delay: 60_000 }
    }
    return probe(mockProvider({ answers: ['Hi', slow] }), { signal: controller.signal })
  }
  const findings = await probed(new DOMException('The time is over.', 'TimeoutError'))
  expect(findings.text).toEqual({ outcome: 'yes' })
  expect(findings.stream).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('timeout') })
  for (const feature of ['tools', 'json', 'vision', 'embed'] as const)
    expect(findings[feature]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('not asked'),
    })
  await expect(probed(new Error('Ctrl+C'))).rejects.toMatchObject({ code: 'aborted' })
})

it('asks the service, not a cache in front of it', async () => {
  const inner = mockProvider({ embeddings: true })
  const llm = cache(inner)
  await probe(llm, {})
  const asked = inner.requests.length
  await probe(llm, {})
  expect(inner.requests).toHaveLength(asked * 2)
})
