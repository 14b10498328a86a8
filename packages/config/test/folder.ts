// A folder of its own for each test, with a user's folder in it and no provider in the environment.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isLlmError } from '@patchbay/core'
import { beforeEach, vi } from 'vitest'

/** To be called once in a test file; `at()` is the folder of the running test. */
export function eachInItsFolder() {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'patchbay-config-'))
    const made = folder
    vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'user'))
    for (const name of ['PATCHBAY_PROVIDER', 'PATCHBAY_ENV', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY'])
      vi.stubEnv(name, '')
    vi.stubEnv('NODE_ENV', 'test')
    return () => {
      vi.unstubAllEnvs()
      rmSync(made, { recursive: true, force: true })
    }
  })
  return {
    at: () => folder,
    write(name: string, content: string | object): string {
      const file = join(folder, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    },
    /** What goes wrong, without the folder of this test. */
    async problem(work: Promise<unknown>): Promise<string> {
      const error: unknown = await work.then(
        () => new Error('nothing was wrong'),
        (thrown) => thrown,
      )
      if (!isLlmError(error)) throw error
      return `${error.code}: ${error.message}`.replaceAll(folder, '…')
    },
  }
}

/** A backend that is a file beside the configuration, and keeps the options it was made with. */
export const backend = `export default (options) => ({
  provider: 'own', model: options.model ?? 'none', options,
  capabilities: async () => ({ tools: true, vision: false }),
  chat: async () => ({ text: JSON.stringify(options) }),
  close: async () => {},
})`
