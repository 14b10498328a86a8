// Reloads the configuration of a running gateway when its files change, and on SIGHUP.
import type { Loaded } from '@patchbay/config'
import { load } from '../../open-provider.js'
import { errorLine } from '../../terminal/exit-codes.js'
import { configChanges } from '../config-changes.js'
import { watchFiles } from '../watch-files.js'

/** A gateway that follows its configuration. */
export interface Follower {
  /** The configuration that it starts with. */
  loaded: Loaded
  /** The flag `--config`. */
  config: string | undefined
  /** Settles when it has started: what changes before is applied then. */
  started: Promise<unknown>
  /**
   * Uses a new configuration from now on. Returns why it does not, if it does not; then the old one stays.
   * @throws {LlmError} the same
   */
  apply(next: Loaded): Promise<string | undefined>
}

/** From here on, no change is missed. If a new configuration is wrong, the old one stays. */
export function followConfig({ loaded, config, started, apply }: Follower): void {
  let current = loaded
  const reload = async (isAsked: boolean) => {
    try {
      const next = await load(config)
      const changes = configChanges(current, next)
      if (changes.length === 0 && !isAsked) return
      const problem = await apply(next)
      if (problem !== undefined) return tell(`The configuration was not changed: ${problem}`)
      current = next
      const told = changes.length === 0 ? '' : ` Changed: ${changes.join(', ')}.`
      tell(`The configuration was reloaded.${reloadLimits(next.files)}${told}`)
    } catch (error) {
      // Whatever failed, the gateway goes on.
      tell(`The configuration was not changed: ${errorLine(error)}`)
    }
  }
  // One after another, so that the last one wins.
  let reloading = started.then(ignore, ignore)
  const planReload = (isAsked: boolean) => {
    reloading = reloading.then(() => reload(isAsked))
  }
  process.on('SIGHUP', () => planReload(true))
  watchFiles(loaded.files, () => planReload(false))
}

const ignore = () => {}

const tell = (line: string) => void process.stderr.write(`${line}\n`)

/** A note that Node caches what a module imports, except TypeScript imported by TypeScript. */
function reloadLimits(files: string[]): string {
  if (files.some((file) => /\.[cm]?js$/.test(file)))
    return ' Files that it imports were not reloaded: restart if they have changed.'
  return files.some((file) => /\.m?ts$/.test(file))
    ? ' Of the files that it imports, only TypeScript was reloaded: restart if others have changed.'
    : ''
}
