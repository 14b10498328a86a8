// Relative paths in a local model's options: they start from the folder of the configuration file.
import { resolve } from 'node:path'

/** Makes relative paths absolute, in place. `folderOf` returns the folder of the file that sets an option. */
export function resolvePaths(options: Record<string, unknown>, folderOf: (option: string) => string): void {
  const absolute = (option: string, path: unknown) =>
    typeof path === 'string' && isPath(path) ? resolve(folderOf(option), path) : path
  // A plain name of a program is looked up by the system.
  const program = typeof options.server === 'string' && /[\\/]/.test(options.server) ? ['server'] : []
  for (const option of ['model', 'mmproj', 'cacheDir', ...program])
    if (options[option] !== undefined) options[option] = absolute(option, options[option])
  if (Array.isArray(options.adapters))
    options.adapters = options.adapters.map((adapter) => ({
      ...adapter,
      path: absolute('adapters', adapter.path),
    }))
}

/** False for the bundled model's name, an address (`hf:`, `https:`) and a path in the home folder. */
function isPath(text: string): boolean {
  return text !== 'pico' && !/^(\w{2,}:|~[\\/])/.test(text)
}
