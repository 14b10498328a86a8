// `patchbay completion`: scripts that let a shell ask the command itself what could come next.

import { loadConfig } from '@patchbay/config'
import { pulledModels } from '@patchbay/local'
import type { Command } from 'commander'
import { UsageError } from '../terminal/exit-codes.js'

const scripts: Record<string, string> = {
  bash: `_patchbay() {
  local IFS=$'\\n'
  COMPREPLY=($(patchbay complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _patchbay patchbay
`,
  zsh: `#compdef patchbay
_patchbay() {
  local -a found
  found=("\${(@f)$(patchbay complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  compadd -- $found || _files
}
compdef _patchbay patchbay
`,
  fish: `complete -c patchbay -a '(patchbay complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

/** @throws {UsageError} for a shell nobody has written a script for */
export function completion(shell: string): string {
  const script = scripts[shell]
  if (script === undefined)
    throw new UsageError(
      `There are scripts for ${Object.keys(scripts).join(', ')}: eval "$(patchbay completion bash)"`,
    )
  return script
}

/** What could stand in place of the last of these words. */
export async function candidates(program: Command, words: string[]): Promise<string[]> {
  const last = words.at(-1) ?? ''
  const [name = '', ...rest] = words.slice(0, -1)
  const command = program.commands.find((one) => one.name() === name)
  if (command === undefined)
    return starting(last, name === '' ? program.commands.map((one) => one.name()) : [])
  const before = rest.at(-1)
  const namesProviders =
    ['-p', '--provider', '--providers'].includes(before ?? '') || ['doctor', 'models'].includes(name)
  if (name === 'remove')
    return starting(
      last,
      (await pulledModels()).map((model) => model.name),
    )
  const flags = command.options.flatMap(({ long }) => (long ? [long] : []))
  return starting(last, last.startsWith('-') ? flags : namesProviders ? await providerNames() : [])
}

function starting(start: string, names: string[]): string[] {
  return names.filter((name) => name !== 'complete' && name.startsWith(start))
}

async function providerNames(): Promise<string[]> {
  const { providers } = await loadConfig()
  return [...providers.keys(), 'local']
}
