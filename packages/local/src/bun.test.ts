// Under Bun, where there is one: the same answers, a crash survived, and an end.
import { describe, expect, it } from 'vitest'
import { app } from '../test/app.js'

const bun = process.env.PATCHBAY_BUN

describe.skipIf(bun === undefined)(
  `under Bun${bun === undefined ? ' (set PATCHBAY_BUN to its path)' : ''}`,
  () => {
    it('answers, outlives its worker, and ends with close()', async () => {
      const { told, ended } = app(
        `
      const llm = local({ threads: 1, cacheDir: false })
      tell(typeof Bun)
      tell((await llm.chat('What is the capital of France?')).text)
      process.kill(llm.stats().pid, 'SIGKILL')
      const answers = await Promise.allSettled([1, 2, 3].map(() => llm.chat('What is the capital of Peru?')))
      tell(answers.every(({ value, reason }) => value?.text === 'The capital of Peru is Lima.' || reason?.code === 'worker-crashed'))
      tell((await llm.chat('What is the capital of Peru?')).text)
      await llm.close()`,
        bun,
      )
      expect(await told()).toBe('object')
      expect(await told()).toBe('The capital of France is Paris.')
      expect(await told()).toBe('true')
      expect(await told()).toBe('The capital of Peru is Lima.')
      expect(await ended()).toBe(0)
    })
  },
)
