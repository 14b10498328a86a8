// Node's file modules, loaded when needed, so that a browser bundle contains none of them.
import { LlmError } from '@patchbay/core'

/** Node's `fs` and `path`. @throws {LlmError} `config` where the runtime has no files */
export function files(): { fs: typeof import('node:fs/promises'); path: typeof import('node:path') } {
  const builtin = typeof process === 'undefined' ? undefined : process.getBuiltinModule
  const fs = builtin?.('node:fs/promises')
  const path = builtin?.('node:path')
  if (fs === undefined || path === undefined)
    throw new LlmError(
      'config',
      'This runtime has no file system. Pass a store or a state of your own instead.',
    )
  return { fs, path }
}
