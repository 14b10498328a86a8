// Model files: the path for a model's name, and a check of the file before a process is started.
import { open, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, resolve } from 'node:path'
import { LlmError } from '@patchbay/core'
import { packageFile } from '../package-file.js'

/** Name of the model that is part of this package: `pico`, 1 MB. */
export const bundledModel = 'pico'

/** The file and the short name of a model. `model` is a path; absent: the bundled model. */
export function locateModel(model: string | undefined): { path: string; name: string; bundled: boolean } {
  if (model === undefined || model === bundledModel)
    return { path: packageFile('models/pico.gguf'), name: bundledModel, bundled: true }
  // Of a model in parts, the engine loads the first one and finds the others itself.
  const path = resolve(model.replace(/^~(?=[\\/])/, () => homedir())).replace(
    /-\d{5}(-of-\d{5}\.gguf)$/i,
    '-00001$1',
  )
  return { path, name: basename(path).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, ''), bundled: false }
}

/**
 * Checks that a file exists, is readable, and has the GGUF format.
 * @throws {LlmError} `model-load` with the problem
 */
export async function checkModelFile(path: string): Promise<void> {
  const problem = await problemWith(path)
  if (problem !== undefined) throw new LlmError('model-load', `${path} ${problem}`)
}

async function problemWith(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path)
    if (info.isDirectory()) return 'is a directory. Name the .gguf file in it.'
    // Opening a pipe would wait for its writer.
    if (!info.isFile()) return 'is not a file. Name a .gguf file.'
    const file = await open(path)
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
      if (bytesRead === 4 && buffer.toString('latin1') === 'GGUF') return undefined
      return 'is not a GGUF file. Models for this engine have the GGUF format; convert it, or download a .gguf.'
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      return /^[\w.-]+:[\w.-]+$/.test(basename(path))
        ? `does not exist. For a model of an Ollama server, use ollama('${basename(path)}'); for one of Hugging Face, local('hf:owner/repository:file.gguf').`
        : 'does not exist. Check the path.'
    if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user. Check its permissions.'
    return `cannot be read (${code || error}).`
  }
}
