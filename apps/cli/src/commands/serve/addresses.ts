// Startup message of `serve`: the address for each protocol, and which provider answers.
import { defaultOf, type Loaded } from '@patchbay/config'
import { printable } from '../../terminal/print.js'

export function addresses(url: string, loaded: Loaded): string {
  const names = [...loaded.providers.keys()]
  const answering =
    names.length === 0
      ? 'the bundled model pico (patchbay init sets up others)'
      : `${defaultOf(loaded) ?? 'no default'}${names.length > 1 ? `; by name: ${names.join(', ')}` : ''}`
  const page = loaded.gateway.playground === false ? '' : `  chat page  ${url}/\n`
  return `listening on ${url}
${page}  OpenAI     ${url}/v1
  Anthropic  ${url}
  Ollama     ${url}
  answers    ${printable(answering)}
`
}
