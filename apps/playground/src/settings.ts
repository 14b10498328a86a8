// Settings: models, parameters, tools, key. Saved in this browser; the key only until the window is closed.
import type { Reasoning, Tool } from '@patchbay/core'
import { effect, signal } from '@preact/signals'

/** The form's texts. An empty one is not sent. */
export interface Parameters {
  system: string
  temperature: string
  topP: string
  maxOutputTokens: string
  seed: string
  stop: string
  reasoning: '' | Extract<Reasoning, string>
  /** A JSON schema for the answer. */
  schema: string
  /** A JSON list of tools. */
  tools: string
}

/** The form when it is empty. */
export const unset: Parameters = {
  system: '',
  temperature: '',
  topP: '',
  maxOutputTokens: '',
  seed: '',
  stop: '',
  reasoning: '',
  schema: '',
  tools: '',
}

export const parameters = stored<Parameters>('patchbay.parameters', localStorage, unset)
/** The chosen models, in order: one, or several side by side. */
export const chosenModels = stored<string[]>('patchbay.models', localStorage, ['default'])
export const key = stored<string>('patchbay.key', sessionStorage, '')
/** Whether long lines of code are wrapped. */
export const wraps = stored<boolean>('patchbay.wraps', localStorage, false)
export const theme = stored<'system' | 'light' | 'dark'>('patchbay.theme', localStorage, 'system')

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
})

function stored<T>(name: string, storage: Storage, initial: T) {
  const text = storage.getItem(name)
  let before = initial
  try {
    const read: unknown = text === null ? initial : JSON.parse(text)
    before = (isRecord(initial) && isRecord(read) ? { ...initial, ...read } : read) as T
  } catch {
    // Settings of another version of the page are not read.
  }
  const value = signal(before)
  effect(() => storage.setItem(name, JSON.stringify(value.value)))
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parameters as options of a request. */
export interface RequestOptions {
  system?: string
  temperature?: number
  topP?: number
  maxOutputTokens?: number
  seed?: number
  stop?: string[]
  reasoning?: Extract<Reasoning, string>
  output?: { schema: Record<string, unknown> }
  tools?: Tool[]
}

/**
 * The options for the form's texts.
 * @throws {Error} for invalid JSON, with the field's name
 */
export function toRequestOptions(given: Parameters): RequestOptions {
  const number = (text: string) => (text.trim() === '' ? undefined : Number(text))
  const schema = jsonOf(given.schema, 'The JSON schema')
  const tools = jsonOf(given.tools, 'The tools')
  if (tools !== undefined && !Array.isArray(tools)) throw new Error('The tools must be a list: [ … ].')
  for (const tool of tools ?? [])
    if (!isRecord(tool) || typeof tool.name !== 'string' || !isRecord(tool.input))
      throw new Error('Each tool needs a "name" and an "input" (a JSON schema).')
  if (schema !== undefined && !isRecord(schema)) throw new Error('The JSON schema must be an object: { … }.')
  const options: Record<string, unknown> = {
    system: given.system.trim() || undefined,
    temperature: number(given.temperature),
    topP: number(given.topP),
    maxOutputTokens: number(given.maxOutputTokens),
    seed: number(given.seed),
    stop: given.stop === '' ? undefined : given.stop.split('\n').filter((line) => line !== ''),
    reasoning: given.reasoning || undefined,
    output: schema && { schema },
    tools,
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** What is wrong with a field, for the reader; nothing if it can be sent. */
export function problemIn(name: keyof Parameters, given: Parameters): string | undefined {
  try {
    toRequestOptions({ ...unset, [name]: given[name] })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function jsonOf(text: string, what: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`)
  }
}
