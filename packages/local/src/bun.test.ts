// Bun, if it is installed: the same answers, recovery from a crash, and an end.
import { describe, expect, it } from 'vitest'
import { app } from '../test/app.js'

const bun = process.env.PATCHBAY_BUN

describe.skipIf(bun === undefined)(
  `under Bun${bun === undefined ? ' (set PATCHBAY_BUN to its path)' : ''}`,
  () => {
    it('answers, survives a crash of its worker, and ends with close()', async () => {
      const { nextLine, exitCode } = app(
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
      expect(await nextLine()).toBe('object')
      expect(await nextLine()).toBe('The capital of France is Paris.')
      expect(await nextLine()).toBe('true')
      expect(await nextLine()).toBe('The capital of Peru is Lima.')
      expect(await exitCode()).toBe(0)
    })
  },
)
