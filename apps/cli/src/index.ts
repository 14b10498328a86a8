#!/usr/bin/env node
// The command `patchbay`.
import { createRequire } from 'node:module'
import type { Provider } from '@patchbay/core'
import { local } from '@patchbay/local'
import { Command, InvalidArgumentError } from 'commander'
import { type AskFlags, ask } from './ask.js'
import { chat } from './chat.js'
import { errorLine, exitCodeHelp, exitCodeOf, exitCodes } from './exit.js'

type Flags = AskFlags & { model?: string }

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
const open = (model?: string): Provider => local(model === undefined ? {} : { model })

// A reader that has gone (`patchbay ask … | head -1`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.bug),
)

const program = new Command('patchbay')
  .description(
    'Ask language models. Without --model, the small model that comes with patchbay answers: no key, no network.',
  )
  .version(version)
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : exitCodes.usage))
  .addHelpText('after', exitCodeHelp)

const withFlags = (command: Command): Command =>
  command
    .option('-m, --model <path>', 'a .gguf file; default: the bundled model, pico')
    .option('-s, --system <text>', 'what the model is told first')
    .option('-t, --temperature <number>', '0 is greedy', number)
    .option('--max-tokens <number>', 'the most tokens an answer may have', number)
    .option('--timeout <seconds>', 'for one answer; default 120', number)

withFlags(program.command('ask'))
  .description('ask one question; standard input is put after it: cat notes.txt | patchbay ask "Summarise"')
  .argument('[question...]')
  .option('--json', 'one event per line, for scripts')
  .option('--stats', 'say which model answered, and how fast')
  .action(async (words: string[], flags: Flags) => {
    const controller = new AbortController()
    process.once('SIGINT', () => controller.abort())
    const provider = open(flags.model)
    try {
      await ask(provider, words, flags, controller.signal)
    } finally {
      await provider.close()
    }
  })

withFlags(program.command('chat'))
  .description('a conversation; /help in it lists its commands')
  .action((flags: Flags) => chat(open, flags.model, flags))

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`)
  process.exitCode = exitCodeOf(error)
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Not a number.')
  return value
}
