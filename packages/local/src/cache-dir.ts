// Cache folder of this package: downloaded models, measurements, prefixes, hashes of model files.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** `patchbay` in the user's cache folder. */
export function defaultCacheDir(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'patchbay')
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'patchbay', 'cache')
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache', 'patchbay')
}
