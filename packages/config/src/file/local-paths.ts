// Relative paths of a local model's options, meant from the file that they stand in.
import { resolve } from 'node:path'

/** Makes them absolute, in place. `folderOf` gives the folder of the file that holds an option. */
export function resolvePaths(options: Record<string, unknown>, folderOf: (option: string) => string): void {
  const absolute = (option: string, path: unknown) =>
    typeof path === 'string' && isPath(path) ? resolve(folderOf(option), path) : path
  for (const option of ['model', 'cacheDir'])
    if (options[option] !== undefined) options[option] = absolute(option, options[option])
  if (Array.isArray(options.adapters))
    options.adapters = options.adapters.map((adapter) => ({
      ...adapter,
      path: absolute('adapters', adapter.path),
    }))
}

/** Not the bundled model's name, an address (`hf:`, `https:`) or a path from the user's home. */
function isPath(text: string): boolean {
  return text !== 'pico' && !/^(\w{2,}:|~\/)/.test(text)
}
