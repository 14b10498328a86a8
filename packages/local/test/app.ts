// App in a process of its own, for tests of how apps end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const bundle = new URL('../.cache/dist/local.mjs', import.meta.url)

/** Starts `code`, an ES module with `local`, `pullModel`, and `tell`, which prints a line for the test. */
export function app(
  code: string,
  program = process.execPath,
): {
  process: ChildProcess
  nextLine(): Promise<string>
  exitCode(): Promise<number | string>
} {
  const head = `import { local, pullModel } from ${JSON.stringify(bundle)}\nconst tell = (value) => process.stdout.write(value + '\\n')\n`
  const child = spawn(program, ['--input-type=module', '-e', head + code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const end = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string)
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[
    Symbol.asyncIterator
  ]()
  return {
    process: child,
    nextLine: async () => {
      const { value, done } = await lines.next()
      if (done) throw new Error('the app ended without output')
      return value
    },
    exitCode: () => end,
  }
}
