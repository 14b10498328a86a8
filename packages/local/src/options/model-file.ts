// Which file a model name means, and whether it can be a model at all.
import { open, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, resolve } from 'node:path'
import { LlmError } from '@patchbay/core'
import { packageFile } from '../package-file.js'

/** The model that ships with this package. */
export const bundledModel = 'pico'

/** The file and the short name of a model: a path, or nothing for the bundled one. */
export function locate(model: string | undefined): { path: string; name: string; bundled: boolean } {
  if (model === undefined || model === bundledModel)
    return { path: packageFile('models/pico.gguf'), name: bundledModel, bundled: true }
  // The engine wants the first part of a model in parts, and finds the others itself.
  const path = resolve(model.replace(/^~(?=\/)/, homedir())).replace(/-\d{5}(-of-\d{5}\.gguf)$/i, '-00001$1')
  return { path, name: basename(path).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, ''), bundled: false }
}

/**
 * Looks at the file before a process is started for it.
 * @throws {LlmError} `model-load`, saying what it is instead of a model
 */
export async function checkModelFile(path: string): Promise<void> {
  const problem = await problemWith(path)
  if (problem !== undefined) throw new LlmError('model-load', `${path} ${problem}`)
}

async function problemWith(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path)
    if (info.isDirectory()) return 'is a directory. Name the .gguf file in it.'
    // Opening a pipe waits for whoever writes to it.
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
    if (code === 'ENOENT') return 'does not exist. Check the path.'
    if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user. Check its permissions.'
    return `cannot be read (${code || error}).`
  }
}
