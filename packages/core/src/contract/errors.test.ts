// LlmError: recognised across copies of the package, with an entry in errors.md for every code.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { asLlmError, errorCodes, isLlmError, LlmError, withDetails } from './errors.js'

describe('LlmError', () => {
  it('has a retryable answer for every code, and keeps an explicit one', () => {
    for (const code of errorCodes) expect(typeof new LlmError(code, 'x').retryable).toBe('boolean')
    expect(new LlmError('overloaded', 'x').retryable).toBe(true)
    expect(new LlmError('overloaded', 'x', { retryable: false }).retryable).toBe(false)
  })

  it('shows only fields that are known', () => {
    const error = new LlmError('network', 'Gone.', { status: undefined, requestId: 'req_1' })
    expect(Object.keys(error).sort()).toEqual(['code', 'help', 'name', 'requestId', 'retryable'])
    expect('cause' in error).toBe(false)
  })

  it('links to its entry in the troubleshooting guide, and there is one for every code', () => {
    const guide = readFileSync(new URL('../../errors.md', import.meta.url), 'utf8')
    const entries = [...guide.matchAll(/^## (.*)$/gm)].map(([, code]) => code)
    expect(entries.sort()).toEqual([...errorCodes].sort())
    for (const code of errorCodes)
      expect(new LlmError(code, 'x').help).toBe(
        `https://unpkg.com/@patchbay/core/errors.md#${code} or: patchbay explain ${code}`,
      )
    // What the address names is in the package.
    const { name, files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(name).toBe('@patchbay/core')
    expect(files).toContain('errors.md')
  })

  it('is known by its brand, whichever copy of the package made it', () => {
    const foreign = Object.assign(new Error('x'), {
      code: 'timeout',
      [Symbol.for('patchbay.LlmError')]: true,
    })
    expect(isLlmError(foreign)).toBe(true)
    expect(isLlmError(foreign, 'timeout')).toBe(true)
    expect(isLlmError(foreign, 'network')).toBe(false)
    for (const other of [new Error('x'), null, undefined, 'timeout', { code: 'timeout' }])
      expect(isLlmError(other)).toBe(false)
  })

  it('learns without forgetting', () => {
    const cause = new Error('why')
    const first = new LlmError('rate-limited', 'Slow down.', {
      provider: 'inner',
      retryAfterMs: 5,
      retryable: false,
      cause,
    })
    const second = withDetails(first, {
      provider: 'outer',
      model: 'm',
      attempts: 2,
      retryable: true,
      cause: 'other',
    })
    expect(second).toMatchObject({
      code: 'rate-limited',
      message: 'Slow down.',
      provider: 'inner',
      model: 'm',
      attempts: 2,
      retryAfterMs: 5,
      retryable: false,
    })
    expect(second.cause).toBe(cause)
    expect(second.stack).toBe(first.stack)
    expect(first.model).toBeUndefined()
  })

  it('takes anything that was thrown', () => {
    for (const thrown of [new TypeError('bad'), 'text', undefined, null, 5]) {
      const error = asLlmError(thrown, { provider: 'p', model: 'm' })
      expect(error).toMatchObject({ code: 'bad-response', provider: 'p', model: 'm' })
      expect(error.message).toMatch(/report/)
    }
  })
})
