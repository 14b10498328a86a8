// `patchbay chat`: a conversation in the terminal.
import { writeFile } from 'node:fs/promises'
import { nearest } from '@patchbay/config'
import { isLlmError, type Message, type Provider } from '@patchbay/core'
import { answer } from '../terminal/answer.js'
import { shortErrorLine } from '../terminal/exit-codes.js'
import { dim, printable, statsLine } from '../terminal/print.js'
import { Prompt } from '../terminal/prompt.js'
import { type AskFlags, toRequest } from './ask.js'

const help = `/system TEXT  set the system message; without TEXT: show it
/model NAME   switch to another provider: a name of the configuration, claude:…, openai:…, ollama:…, or a .gguf file
/save FILE    save the conversation: Markdown for .md, else JSON
/clear        start a new conversation
/help         show this help
/quit         leave (or Ctrl-D)
Alt-Enter begins a new line. Pasted lines are one question. Ctrl-C stops an answer.`

const commands = ['/system', '/model', '/save', '/clear', '/help', '/quit']

/** Runs until the user leaves. `open` opens another provider. */
export async function chat(
  first: Provider,
  open: (name: string) => Promise<Provider>,
  flags: AskFlags,
): Promise<void> {
  const say = (text: string) => process.stderr.write(`${dim(printable(text))}\n`)
  let provider = first
  let messages: Message[] = []
  let { system } = flags
  let running: AbortController | undefined
  let quitting = false
  let leaving = false

  const prompt = new Prompt((isEmpty) => {
    if (running !== undefined) return running.abort()
    if (quitting) return leave()
    if (!isEmpty) return
    quitting = true
    say('\n(Ctrl-C again to leave)')
    prompt.show()
  })
  const leave = () => {
    leaving = true
    prompt.close()
  }

  const turn = async (text: string): Promise<void> => {
    const question: Message = { role: 'user', content: text }
    running = new AbortController()
    try {
      const options = {
        signal: running.signal,
        ...(flags.timeout !== undefined && { timeout: flags.timeout * 1000 }),
      }
      const response = await answer(
        provider,
        toRequest([...messages, question], { ...flags, ...(system !== undefined && { system }) }),
        options,
      )
      messages.push(question, response.message)
      say(statsLine(response))
    } catch (error) {
      // A partial answer stays in the conversation.
      if (isLlmError(error) && error.partial !== undefined) messages.push(question, error.partial.message)
      say(isLlmError(error, 'aborted') ? '(stopped)' : shortErrorLine(error))
    } finally {
      running = undefined
    }
  }

  const command = async (line: string): Promise<void> => {
    const [name, ...rest] = line.split(' ')
    const value = rest.join(' ').trim()
    switch (name) {
      case '/system':
        if (value !== '') system = value
        return void say(system === undefined ? 'no system message' : `system: ${system}`)
      case '/model': {
        if (value === '') return void say(`${provider.model} (${provider.provider})`)
        const next = await open(value)
        await checkReachable(next)
        await provider.close()
        provider = next
        return void say(`switched to ${provider.model} (${provider.provider})`)
      }
      case '/save':
        if (value === '') return void say('/save FILE')
        await writeFile(
          value,
          value.endsWith('.md') ? toMarkdown(messages) : `${JSON.stringify(messages, null, 2)}\n`,
        )
        return void say(`saved ${messages.length} messages to ${value}`)
      case '/clear':
        messages = []
        return void say('conversation cleared')
      case '/quit':
      case '/exit':
        return leave()
      default:
        if (name === '/help') return void say(help)
        return void say(`Unknown command ${name}.${nearest(name ?? '', commands)} /help lists all.`)
    }
  }

  try {
    if (prompt.isTerminal)
      say(`${provider.model} (${provider.provider}); /help for commands, Ctrl-D to leave`)
    prompt.show()
    for await (const line of prompt.lines()) {
      // Lines typed ahead still arrive after the end.
      if (leaving) break
      prompt.hold()
      quitting = false
      const text = line.trim()
      if (isCommand(text)) await command(text).catch((error) => say(shortErrorLine(error)))
      else if (text !== '') await turn(text)
      if (!leaving) prompt.show()
    }
  } finally {
    prompt.close()
    await provider.close()
  }
}

/** A command, and no path or text of several lines that begins with a slash. */
function isCommand(text: string): boolean {
  return /^\/[a-z]*(\s|$)/.test(text) && !text.includes('\n')
}

/** A missing key, file or server is told now, and not with the next question. */
async function checkReachable(next: Provider): Promise<void> {
  try {
    await next.capabilities()
    await next.models({ timeout: 5000, retry: false })
  } catch (error) {
    if (!['authentication', 'network', 'model-load'].some((code) => isLlmError(error) && error.code === code))
      return
    await next.close()
    throw error
  }
}

function toMarkdown(messages: Message[]): string {
  return messages
    .map(
      ({ role, content }) =>
        `**${role}**\n\n${typeof content === 'string' ? content : content.map((part) => ('text' in part ? part.text : '')).join('')}\n`,
    )
    .join('\n')
}
