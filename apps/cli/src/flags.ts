// Flags that commands share, and how their values are read.
import { type Command, InvalidArgumentError } from 'commander'

export const withConfigFlag = (command: Command): Command =>
  command.option(
    '-c, --config <file>',
    'configuration file; default: patchbay.config.* in this folder or one above',
  )

export const withProviderFlags = (command: Command): Command =>
  withConfigFlag(command)
    .option(
      '-p, --provider <name>',
      'the provider: a name of the configuration, or claude:MODEL, openai:MODEL, gemini:MODEL, ollama:MODEL',
    )
    .option('-m, --model <path>', 'a .gguf file, or a downloaded model: hf:owner/repo:file.gguf')

export const withSamplingFlags = (command: Command): Command =>
  command
    .option('-s, --system <text>', 'system message')
    .option(
      '-t, --temperature <number>',
      'sampling temperature; 0 always picks the most likely token',
      number,
    )
    .option('--max-tokens <number>', 'maximum number of tokens in the answer', number)
    .option('--timeout <seconds>', 'time limit for one answer', number)

export const withStdinFlags = (command: Command): Command =>
  command
    .option('--stdin', 'wait for standard input until it ends')
    .option('--no-stdin', 'ignore standard input')

export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Not a number.')
  return value
}

export function list(text: string): string[] {
  return text.split(',').filter(Boolean)
}

export function several(value: string, before: string[] = []): string[] {
  return [...before, value]
}
