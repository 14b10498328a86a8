// What is asked for: models, parameters, tools, a key. Kept in this browser; the key only until its window is closed.
import type { Reasoning, Tool } from '@patchbay/core'
import { effect, signal } from '@preact/signals'

/** As they are typed: an empty one is not sent. */
export interface Parameters {
  system: string
  temperature: string
  topP: string
  maxOutputTokens: string
  seed: string
  stop: string
  reasoning: '' | Extract<Reasoning, string>
  /** A JSON schema the answer must fit, or nothing. */
  schema: string
  /** A list of tools as JSON. */
  tools: string
}

const unset: Parameters = {
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

export const parameters = kept<Parameters>('patchbay.parameters', localStorage, unset)
/** Those who are asked, in their order: one, or several side by side. */
export const chosenModels = kept<string[]>('patchbay.models', localStorage, ['default'])
export const key = kept<string>('patchbay.key', sessionStorage, '')
export const theme = kept<'system' | 'light' | 'dark'>('patchbay.theme', localStorage, 'system')

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
})

function kept<T>(name: string, storage: Storage, otherwise: T) {
  const text = storage.getItem(name)
  let before = otherwise
  try {
    const read: unknown = text === null ? otherwise : JSON.parse(text)
    before = (isRecord(otherwise) && isRecord(read) ? { ...otherwise, ...read } : read) as T
  } catch {
    // What another version of the page kept is not read.
  }
  const value = signal(before)
  effect(() => storage.setItem(name, JSON.stringify(value.value)))
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the parameters mean for a request. */
export interface Wanted {
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

/** @throws {Error} for JSON that is none, by the field's name */
export function wantedOf(given: Parameters): Wanted {
  const number = (text: string) => (text.trim() === '' ? undefined : Number(text))
  const schema = jsonOf(given.schema, 'The JSON schema')
  const tools = jsonOf(given.tools, 'The tools')
  if (tools !== undefined && !Array.isArray(tools)) throw new Error('The tools must be a list: [ … ].')
  const wanted: Record<string, unknown> = {
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
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}

function jsonOf(text: string, what: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`)
  }
}
