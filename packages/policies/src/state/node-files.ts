// Files, for what outlives a process. A bundle for a browser holds no module of Node's; there the call says so.
import { LlmError } from '@patchbay/core'

/** Node's modules for files and their paths. @throws {LlmError} `config` where there are no files */
export function files(): { fs: typeof import('node:fs/promises'); path: typeof import('node:path') } {
  const builtin = typeof process === 'undefined' ? undefined : process.getBuiltinModule
  const fs = builtin?.('node:fs/promises')
  const path = builtin?.('node:path')
  if (fs === undefined || path === undefined)
    throw new LlmError('config', 'There are no files here. Keep it in a store or a state of your own.')
  return { fs, path }
}
