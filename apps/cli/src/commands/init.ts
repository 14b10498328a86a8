// `patchbay init`: writes a first configuration with what this machine has.
import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline/promises'
import type { ProviderEntry } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { UsageError } from '../terminal/exit-codes.js'
import { printable } from '../terminal/print.js'

/** The flags of `init`. */
export interface InitFlags {
  yes?: boolean
  force?: boolean
}

interface Candidate {
  name: string
  entry: Exclude<ProviderEntry, string>
  /** How it was detected. */
  why: string
}

const file = 'patchbay.config.json'

/**
 * Suggested models, with long support. Source: platform.claude.com, model pages (claude-opus-5: not retired before July 2027);
 * developers.openai.com, deprecations (gpt-5.6-sol takes the place of gpt-5, which ends in December 2026). November 2026.
 */
export const suggestedModels = { claude: 'claude-opus-5', openai: 'gpt-5.6-sol', gemini: 'gemini-3.6-flash' }

/** Asks for the default provider (on a terminal), and writes the file. */
export async function init(folder: string, { yes, force }: InitFlags): Promise<void> {
  const path = resolve(folder, file)
  if (existsSync(path) && !force) throw new UsageError(`${file} exists already. --force overwrites it.`)
  const candidates = await detect(folder)
  process.stdout.write(
    candidates.map(({ name, why }, index) => `${index + 1}. ${printable(`${name}: ${why}`)}\n`).join(''),
  )
  const chosen = yes || !process.stdin.isTTY ? 0 : await choose(candidates)
  const config = {
    $schema: './node_modules/@patchbay/config/schema.json',
    default: candidates[chosen]?.name,
    providers: Object.fromEntries(candidates.map(({ name, entry }) => [name, entry])),
  }
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`)
  process.stdout.write(
    `${file} is written. Default provider: ${printable(config.default ?? '')}. Try: patchbay ask "Hello"\n`,
  )
}

async function choose(candidates: Candidate[]): Promise<number> {
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  try {
    for (;;) {
      const input = (await prompt(questions, `Default provider? [1-${candidates.length}, default 1] `)).trim()
      const number = input === '' ? 1 : Number(input)
      if (Number.isInteger(number) && number >= 1 && number <= candidates.length) return number - 1
    }
  } finally {
    questions.close()
  }
}

/** @throws {LlmError} `aborted` for Ctrl-C and Ctrl-D */
function prompt(questions: Interface, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new LlmError('aborted', 'Nothing was written.'))
    questions.once('close', refuse)
    // It rejects where the input has ended before.
    questions.question(question).then(resolve, refuse)
  })
}

async function detect(folder: string): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  if (process.env.ANTHROPIC_API_KEY)
    candidates.push({
      name: 'claude',
      entry: { use: 'claude', model: suggestedModels.claude },
      why: 'ANTHROPIC_API_KEY is set',
    })
  if (process.env.OPENAI_API_KEY)
    candidates.push({
      name: 'openai',
      entry: { use: 'openai', model: suggestedModels.openai },
      why: 'OPENAI_API_KEY is set',
    })
  if (process.env.GEMINI_API_KEY)
    candidates.push({
      name: 'gemini',
      entry: { use: 'gemini', model: suggestedModels.gemini },
      why: 'GEMINI_API_KEY is set',
    })
  const [model] = await ollamaModels()
  if (model !== undefined)
    candidates.push({
      name: 'ollama',
      entry: { use: 'ollama', model },
      why: `an Ollama server runs, with ${model}`,
    })
  for (const path of modelFiles(folder).slice(0, 5)) {
    const name = basename(path, '.gguf')
    candidates.push({ name, entry: { use: 'local', model: path }, why: `a model file, ${path}` })
  }
  candidates.push({ name: 'pico', entry: { use: 'local' }, why: 'the small model that comes with patchbay' })
  return candidates
}

async function ollamaModels(): Promise<string[]> {
  const llm = ollama('any')
  const models = await llm.models({ timeout: 2000, retry: false }).catch(() => [])
  await llm.close()
  return models.map(({ id }) => id)
}

function modelFiles(folder: string): string[] {
  return ['.', 'models'].flatMap((place) => {
    const at = join(folder, place)
    const files = existsSync(at) ? readdirSync(at) : []
    return files.filter((name) => name.endsWith('.gguf')).map((name) => `./${join(place, name)}`)
  })
}
