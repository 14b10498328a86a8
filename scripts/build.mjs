// Builds every package and app from the sources at hand. Turbo hashes the sources, so an unchanged package costs nothing.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const turbo = fileURLToPath(new URL('turbo.mjs', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds, or ends the process with the build's exit code: a check of a stale build would say nothing of the sources. */
export function build() {
  const options = [
    'run',
    'build',
    'types',
    '--filter=./packages/*',
    '--filter=./apps/*',
    '--output-logs=errors-only',
  ]
  // Only the check itself may write to standard output.
  const { status } = spawnSync(process.execPath, [turbo, ...options], {
    cwd: root,
    stdio: ['ignore', 2, 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}
