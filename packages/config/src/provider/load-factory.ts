// Loads the provider factory that `use` names. Only the chosen backend is imported.
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Provider } from '@patchbay/core'
import { configError } from '../file/config-error.js'
import { backendOptions } from '../file/entry-schema.js'

type Factory = (options: Record<string, unknown>) => Provider | Promise<Provider>

/**
 * The provider factory of a backend, a package or a file.
 * @throws {LlmError} `config` for a missing package, with the command that installs it
 */
export async function factoryOf(use: string, folder: string): Promise<Factory> {
  const own = Object.hasOwn(backendOptions, use)
  const name = own ? `@patchbay/${use}` : use
  // On Windows with backslashes.
  const isFile = /^\.{0,2}[\\/]/.test(use) || isAbsolute(use)
  const module = isFile ? await importFile(resolve(folder, use)) : await importPackage(name, folder)
  const short = name.split('/').at(-1) ?? name
  const candidates = [module[short], module.default, module.provider]
  const factory = candidates.find((candidate) => typeof candidate === 'function')
  if (factory === undefined)
    throw configError(
      `${name} exports no provider factory. It must export a default function${isFile ? '' : `, or one named ${short}`}.`,
    )
  return factory as Factory
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    if (/\.m?ts$/.test(path))
      return (await (await import('jiti')).createJiti(path).import(path)) as Record<string, unknown>
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (cause) {
    throw configError(`${path} cannot be loaded: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Imports a package that is installed beside this one, or beside the configuration.
 * @throws {LlmError} `config` if it is not installed, with the command that installs it
 */
export async function importPackage(name: string, folder: string): Promise<Record<string, unknown>> {
  try {
    return (await import(name)) as Record<string, unknown>
  } catch (cause) {
    if (!isMissing(cause, name) && backendOfModel(name) === undefined)
      throw configError(`${name} cannot be loaded: ${(cause as Error).message}`, { cause })
  }
  // Not installed beside this package: try beside the configuration.
  let path: string
  try {
    path = createRequire(join(folder, 'patchbay.config.js')).resolve(name)
  } catch (cause) {
    // Whoever registers the name of a model would get it installed.
    const asModel = backendOfModel(name)
    throw configError(
      asModel === undefined
        ? `The package ${name} is not installed. Run: npm install ${name}`
        : `${name} is not the name of a provider or package. For a model, name its backend: ${asModel}`,
      { cause },
    )
  }
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>
}

/** The target that is meant by the name of a model, also after a service's name: `openai/gpt-5`. */
function backendOfModel(name: string): string | undefined {
  const model = name.replace(/^(openai|anthropic|ollama|google)\//, '')
  if (/^claude-/.test(model)) return `claude:${model}`
  if (/^gemini-/.test(model)) return `gemini:${model}`
  if (/^(gpt|o|chatgpt|codex|text-embedding)-?\d/.test(model)) return `openai:${model}`
  return /^(qwen|llama|gemma|mistral|phi|deepseek)[\w.-]*$/.test(model) ? `ollama:${model}` : undefined
}

function isMissing(cause: unknown, name: string): boolean {
  const { code, message = '' } = cause as NodeJS.ErrnoException
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(name)
}
