#!/usr/bin/env node
// The command `patchbay`.
import { createRequire } from 'node:module'
import { withoutKeys } from '@patchbay/core/wire'
import { Command, InvalidArgumentError } from 'commander'
import { type AskFlags, ask } from './commands/ask.js'
import { chat } from './commands/chat.js'
import type { DoctorFlags } from './commands/doctor.js'
import type { InitFlags } from './commands/init.js'
import type { ModelsFlags } from './commands/models.js'
import type { ServeFlags } from './commands/serve.js'
import { load, namesOf, open, type WhoFlags } from './open-provider.js'
import { errorLine, exitCodeHelp, exitCodeOf, exitCodes, helpLine } from './terminal/exit-codes.js'

type Flags = AskFlags & WhoFlags

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

// A reader that has gone (`patchbay ask … | head -1`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.bug),
)

// Nobody may be reading what is said beside the answer; the answer, and a server, go on.
process.stderr.on('error', () => {})

const program = new Command('patchbay')
  .description(
    'Ask language models: the one of your patchbay.config, any other by its name, or the small one that comes with patchbay (no key, no network).',
  )
  .version(version)
  .configureOutput({ outputError: (words, write) => write(withoutKeys(words)) })
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : exitCodes.usage))
  .addHelpText('after', exitCodeHelp)

const configured = (command: Command): Command =>
  command.option('-c, --config <file>', 'a configuration; default: patchbay.config.*, from here upwards')
const withFlags = (command: Command): Command =>
  configured(command)
    .option(
      '-p, --provider <name>',
      'who answers: a name of the configuration, or claude:MODEL, openai:MODEL, ollama:MODEL',
    )
    .option('-m, --model <path>', 'a .gguf file, or a model that was pulled: hf:owner/repo:file.gguf')
const sampling = (command: Command): Command =>
  command
    .option('-s, --system <text>', 'what the model is told first')
    .option('-t, --temperature <number>', '0 is greedy', number)
    .option('--max-tokens <number>', 'the most tokens an answer may have', number)
    .option('--timeout <seconds>', 'for one answer', number)
const piped = (command: Command): Command =>
  command
    .option('--stdin', 'read standard input until it ends, however long it takes')
    .option('--no-stdin', 'do not read standard input')

piped(sampling(withFlags(program.command('ask'))))
  .description('ask one question; standard input is put after it: cat notes.txt | patchbay ask "Summarise"')
  .argument('[question...]')
  .option('--json', 'one event per line, for scripts')
  .option('--stats', 'say which model answered, and how fast')
  .action(async (words: string[], flags: Flags) => {
    const provider = await open(flags)
    try {
      await ask(provider, words, flags, interrupted())
    } finally {
      await provider.close()
    }
  })

sampling(withFlags(program.command('chat')))
  .description('a conversation; /help in it lists its commands')
  .action(async (flags: Flags) =>
    chat(
      await open(flags),
      (who) => open(who.endsWith('.gguf') ? { model: who } : { ...flags, provider: who }),
      flags,
    ),
  )

piped(sampling(configured(program.command('compare'))))
  .description('one question to several providers at once; default: all that are configured')
  .argument('<question...>')
  .option('-p, --providers <names>', 'a,b,claude:MODEL', list)
  .option('--json', 'for scripts')
  .action(async (words: string[], flags: Flags & { providers?: string[] }) => {
    const { compare } = await import('./commands/compare.js')
    const loaded = await load(flags.config)
    const all = await compare(loaded, namesOf(loaded, flags.providers ?? []), words, flags, interrupted())
    if (!all) process.exitCode = exitCodes.provider
  })

configured(program.command('serve'))
  .description(
    'one HTTP server over all configured providers, for clients of OpenAI, Anthropic and Ollama; without any, over the bundled model',
  )
  .option('--port <number>', 'default 8787; 0 takes a free one', number)
  .option('--host <address>', 'default 127.0.0.1')
  .option('--strict-models', 'a model nobody knows is an error, rather than the default one')
  .option(
    '--log',
    'a line of JSON on standard error for each request: who asked whom, how long it took, what it used',
  )
  .action(async (flags: ServeFlags) => {
    const { serve } = await import('./commands/serve.js')
    await serve(flags)
  })

program
  .command('key')
  .description('a new key for who may ask the gateway; the configuration keeps only its hash')
  .argument('<name>')
  .option('--json', 'for scripts')
  .action(async (name: string, flags: { json?: boolean }) => {
    const { key } = await import('./commands/key.js')
    key(name, flags)
  })

configured(program.command('doctor'))
  .description('does every configured provider work, and what works there? It asks each a few tiny questions')
  .argument('[names...]')
  .option('--require <features>', 'tools,json,vision,embed,stream: what must work, or the exit code is 3')
  .option('--timeout <seconds>', 'for one question; default 60', number)
  .option('--json', 'for scripts')
  .action(async (names: string[], flags: DoctorFlags & WhoFlags) => {
    const { doctor } = await import('./commands/doctor.js')
    const loaded = await load(flags.config)
    const well = await doctor(loaded, namesOf(loaded, names), flags, interrupted())
    if (!well) process.exitCode = flags.require === undefined ? exitCodes.provider : exitCodes.request
  })

program
  .command('explain')
  .description('what an error code means, and what to do about it')
  .argument('<code>')
  .action(async (code: string) => {
    const { explain } = await import('./commands/explain.js')
    explain(code)
  })

configured(program.command('providers'))
  .description('the providers that are configured')
  .option('--json', 'for scripts')
  .action(async ({ config, json }: WhoFlags & { json?: boolean }) => {
    const { providers } = await import('./commands/models.js')
    providers(await load(config), json)
  })

configured(program.command('models'))
  .description('the models that a provider offers')
  .argument('[provider]', 'default: the one that answers')
  .option('--local', 'the models in files on this machine: those that were pulled, and the bundled one')
  .option('--json', 'for scripts')
  .action(async (name: string | undefined, { config, json, local }: WhoFlags & ModelsFlags) => {
    const { localModels, models } = await import('./commands/models.js')
    if (local) return localModels(json)
    const loaded = await load(config)
    await models(loaded, name ?? (loaded.providers.size === 0 ? 'local' : undefined), json, interrupted())
  })

program
  .command('pull')
  .description(
    'fetch a model: hf:owner/repo:file.gguf or hf:owner/repo:Q4_K_M into the cache, qwen3:0.6b with the Ollama server',
  )
  .argument('<model>')
  .action(async (model: string) => {
    const { pull } = await import('./commands/pull.js')
    await pull(model, interrupted())
  })

program
  .command('remove')
  .description('take a model that was pulled from this machine: hf:owner/repo:file.gguf')
  .argument('<model>')
  .action(async (model: string) => {
    const { remove } = await import('./commands/pull.js')
    await remove(model, interrupted())
  })

program
  .command('init')
  .description('write a first patchbay.config.json, of what this machine has')
  .option('-y, --yes', 'ask nothing')
  .option('--force', 'write over one that is there')
  .action(async (flags: InitFlags) => (await import('./commands/init.js')).init(process.cwd(), flags))

program
  .command('completion')
  .description('a script for your shell: eval "$(patchbay completion bash)"')
  .argument('<shell>', 'bash, zsh or fish')
  .action(async (shell: string) => {
    process.stdout.write((await import('./commands/completion.js')).completion(shell))
  })

program
  .command('complete', { hidden: true })
  .argument('[words...]')
  .action(async (words: string[]) => {
    const { candidates } = await import('./commands/completion.js')
    process.stdout.write((await candidates(program, words)).map((word) => `${word}\n`).join(''))
  })

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n${helpLine(error)}`)
  process.exitCode = exitCodeOf(error)
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Not a number.')
  return value
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean)
}

function interrupted(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  return controller.signal
}
