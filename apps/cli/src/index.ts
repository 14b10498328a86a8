#!/usr/bin/env node
// Entry point of the command `patchbay`.
import { createRequire } from 'node:module'
import type { Provider } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { Command } from 'commander'
import { type AskFlags, ask } from './commands/ask.js'
import { chat } from './commands/chat.js'
import type { DoctorFlags } from './commands/doctor.js'
import type { ImageFlags } from './commands/image.js'
import type { InitFlags } from './commands/init.js'
import type { ModelsFlags } from './commands/models.js'
import type { ServeFlags } from './commands/serve.js'
import type { SpeakFlags } from './commands/speak.js'
import type { WorkerFlags } from './commands/worker.js'
import {
  list,
  number,
  several,
  withConfigFlag,
  withProviderFlags,
  withSamplingFlags,
  withStdinFlags,
} from './flags.js'
import { load, namesOf, open, type ProviderFlags } from './open-provider.js'
import { errorLine, exitCodeHelp, exitCodeOf, exitCodes, helpLine } from './terminal/exit-codes.js'

type Flags = AskFlags & ProviderFlags

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

// A reader that closes the pipe (`patchbay ask … | head -1`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.bug),
)

// A closed standard error stops neither the answer nor a server.
process.stderr.on('error', () => {})

const program = new Command('patchbay')
  .description(
    'Use language models: the default of your patchbay.config, any other by name, or the small bundled model (no key, no network).',
  )
  .version(version)
  .configureOutput({ outputError: (words, write) => write(withoutKeys(words)) })
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : exitCodes.usage))
  .addHelpText('after', exitCodeHelp)

withStdinFlags(withSamplingFlags(withProviderFlags(program.command('ask'))))
  .description('ask one question; standard input is appended: cat notes.txt | patchbay ask "Summarise"')
  .argument('[question...]')
  .option('--image <file>', 'show the model a picture; may be repeated', several)
  .option('--json', 'print one JSON event per line')
  .option('--stats', 'show model, tokens and speed')
  .action(async (words: string[], flags: Flags) => {
    await withProvider(flags, (provider) => ask(provider, words, flags, interruptSignal()))
  })

withSamplingFlags(withProviderFlags(program.command('chat')))
  .description('chat in the terminal; type /help for commands')
  .action(async (flags: Flags) =>
    chat(
      await open(flags),
      (name) => open(name.endsWith('.gguf') ? { model: name } : { ...flags, provider: name }),
      flags,
    ),
  )

withStdinFlags(withSamplingFlags(withConfigFlag(program.command('compare'))))
  .description('ask several providers the same question; default: all configured providers')
  .argument('<question...>')
  .option('-p, --providers <names>', 'a,b,claude:MODEL', list)
  .option('--json', 'print JSON')
  .action(async (words: string[], flags: Flags & { providers?: string[] }) => {
    const { compare } = await import('./commands/compare.js')
    const loaded = await load(flags.config)
    const all = await compare(loaded, namesOf(loaded, flags.providers ?? []), words, flags, interruptSignal())
    if (!all) process.exitCode = exitCodes.provider
  })

withStdinFlags(withProviderFlags(program.command('image')))
  .description('make a picture: patchbay image "A red bicycle" --output bicycle.png')
  .argument('[prompt...]')
  .option(
    '-o, --output <file>',
    'where the picture goes; default, and for "-": standard output, if that is not a terminal',
  )
  .option('--image <file>', 'a picture to change or to combine with others; may be repeated', several)
  .option('-n, --number <number>', 'how many; with several, the files are named FILE-1, FILE-2 …', number)
  .option('--size <pixels>', 'width and height: 1024x1024')
  .option('--aspect-ratio <ratio>', 'width to height: 16:9')
  .option('--quality <quality>', 'low, medium or high')
  .option('--format <format>', 'png, jpeg or webp')
  .option('--timeout <seconds>', 'time limit', number)
  .action(async (words: string[], flags: ImageFlags & ProviderFlags) => {
    const { image } = await import('./commands/image.js')
    await withProvider(flags, (provider) => image(provider, words, flags, interruptSignal()))
  })

withStdinFlags(withProviderFlags(program.command('speak')))
  .description('read a text aloud: patchbay speak "Good morning" --output morning.mp3')
  .argument('[text...]')
  .option(
    '-o, --output <file>',
    'where the speech goes; default, and for "-": standard output, if that is not a terminal',
  )
  .option('--voice <name>', "the service's name of a voice")
  .option('--format <format>', "mp3, opus, aac, flac, wav or pcm; default: that of the file's ending")
  .option('--speed <number>', '1 is normal, 2 is twice as fast', number)
  .option('--instructions <text>', 'how to read it: "cheerful, with pauses"')
  .option('--timeout <seconds>', 'time limit', number)
  .action(async (words: string[], flags: SpeakFlags & ProviderFlags) => {
    const { speak } = await import('./commands/speak.js')
    await withProvider(flags, (provider) => speak(provider, words, flags, interruptSignal()))
  })

program
  .command('demo')
  .description(
    'one minute, no key, no network: switching models, fallback and a budget, with the bundled model',
  )
  .action(async () => (await import('./commands/demo.js')).demo(interruptSignal()))

withConfigFlag(program.command('serve'))
  .description(
    'start the gateway: one HTTP server for clients of OpenAI, Anthropic and Ollama, and a chat page',
  )
  .option('--port <number>', 'default 8787; 0 picks a free port', number)
  .option('--host <address>', 'default 127.0.0.1')
  .option('--strict-models', 'answer 404 for an unknown model instead of using the default provider')
  .option('--workers <number>', 'processes that serve, to use several cores; default 1', number)
  .option('--log', 'log each request as a line of JSON on standard error: key, model, duration, tokens')
  .action(async (flags: ServeFlags) => {
    const { serve } = await import('./commands/serve.js')
    await serve(flags)
  })

withProviderFlags(program.command('worker'))
  .description('do the calls of a queue, from any machine that reaches its Redis, until a signal ends it')
  .argument('<name>', 'the name of the queue')
  .option('--redis <url>', 'default: REDIS_URL, otherwise redis://127.0.0.1:6379')
  .option('--concurrency <number>', 'calls at the same time; default 4', number)
  .action(async (name: string, flags: WorkerFlags) => {
    const { worker } = await import('./commands/worker.js')
    await worker(name, flags)
  })

program
  .command('key')
  .description('make an API key for the gateway; the configuration stores only its hash')
  .argument('<name>')
  .option('--json', 'print JSON')
  .action(async (name: string, flags: { json?: boolean }) => {
    const { key } = await import('./commands/key.js')
    key(name, flags)
  })

withConfigFlag(program.command('doctor'))
  .description('check every configured provider with a few tiny requests')
  .argument('[names...]')
  .option('--require <features>', 'tools,json,vision,embed,stream: exit with 3 if one of these does not work')
  .option('--timeout <seconds>', 'time limit for one request; default 60', number)
  .option('--json', 'print JSON')
  .action(async (names: string[], flags: DoctorFlags & ProviderFlags) => {
    const { doctor } = await import('./commands/doctor.js')
    const loaded = await load(flags.config)
    const well = await doctor(loaded, namesOf(loaded, names), flags, interruptSignal())
    if (!well) process.exitCode = flags.require === undefined ? exitCodes.provider : exitCodes.request
  })

program
  .command('explain')
  .description('explain an error code, and how to fix it')
  .argument('<code>')
  .action(async (code: string) => {
    const { explain } = await import('./commands/explain.js')
    explain(code)
  })

withConfigFlag(program.command('providers'))
  .description('list the configured providers')
  .option('--json', 'print JSON')
  .action(async ({ config, json }: ProviderFlags & { json?: boolean }) => {
    const { providers } = await import('./commands/models.js')
    providers(await load(config), json)
  })

withConfigFlag(program.command('models'))
  .description('list the models of a provider')
  .argument('[provider]', 'default: the default provider')
  .option('--local', 'models on this machine: downloaded ones, and the bundled one')
  .option('--json', 'print JSON')
  .action(async (name: string | undefined, { config, json, local }: ProviderFlags & ModelsFlags) => {
    const { localModels, models } = await import('./commands/models.js')
    if (local) return localModels(json)
    const loaded = await load(config)
    await models(loaded, name ?? (loaded.providers.size === 0 ? 'local' : undefined), json, interruptSignal())
  })

program
  .command('pull')
  .description(
    'download a model: hf:owner/repo:file.gguf or hf:owner/repo:Q4_K_M to the cache, qwen3:0.6b with the Ollama server',
  )
  .argument('<model>')
  .action(async (model: string) => {
    const { pull } = await import('./commands/pull.js')
    await pull(model, interruptSignal())
  })

program
  .command('remove')
  .description('delete a downloaded model: hf:owner/repo:file.gguf')
  .argument('<model>')
  .action(async (model: string) => {
    const { remove } = await import('./commands/pull.js')
    await remove(model, interruptSignal())
  })

program
  .command('init')
  .description(
    'write a patchbay.config.json with what this machine has, and ask its default provider one question',
  )
  .option('-y, --yes', 'take the first provider without asking')
  .option('--no-try', 'do not ask the provider a question')
  .option('--force', 'overwrite an existing file')
  .action(async (flags: InitFlags) =>
    (await import('./commands/init.js')).init(process.cwd(), flags, interruptSignal()),
  )

program
  .command('completion')
  .description('print a completion script for your shell: eval "$(patchbay completion bash)"')
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

/** Opens the provider of the flags for one call. */
async function withProvider(
  flags: ProviderFlags,
  call: (provider: Provider) => Promise<void>,
): Promise<void> {
  const provider = await open(flags)
  try {
    await call(provider)
  } finally {
    await provider.close()
  }
}

function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  return controller.signal
}
