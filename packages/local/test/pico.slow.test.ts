// The trainer of the bundled model: the same steps give the same files, which the engine can run. Needs Python with the versions
// in pico/requirements.txt: PATCHBAY_PYTHON=path of an interpreter, or the python3 of the path.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readGgufFileInfo } from 'node-llama-cpp'
import { describe, expect, it } from 'vitest'
import { open, temporaryFolder } from './fixtures.js'

const python = process.env.PATCHBAY_PYTHON ?? 'python3'
const at = (name: string) => fileURLToPath(new URL(`../pico/${name}`, import.meta.url))

/** Why the trainer cannot run here. */
function missing(): string | undefined {
  const wanted = readFileSync(at('requirements.txt'), 'utf8').trim()
  try {
    const code = 'import numpy; print("numpy==" + numpy.__version__)'
    const found = execFileSync(python, ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim()
    return found === wanted ? undefined : `${wanted} is needed, ${found} is installed`
  } catch {
    return `${python} has no ${wanted}; set PATCHBAY_PYTHON`
  }
}

async function train(steps: number, output: string, ...more: string[]): Promise<void> {
  const trainer = spawn(python, [at('train.py'), String(steps), output, ...more], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  expect(await once(trainer, 'exit')).toEqual([0, null])
}

/** The tensors of a file, and how it writes messages. */
async function formOf(path: string) {
  const { fullTensorInfo = [], metadata } = await readGgufFileInfo(path)
  const tensors = fullTensorInfo.map(({ name, dimensions, ggmlType }) => [
    name,
    dimensions.map(Number),
    ggmlType,
  ])
  return {
    tensors,
    chatTemplate: metadata.tokenizer.chat_template,
    vocabulary: metadata.tokenizer.ggml.tokens.length,
  }
}

const reason = missing()

describe.skipIf(reason !== undefined)(`the trainer of pico${reason ? ` (skipped: ${reason})` : ''}`, () => {
  it('writes the same files for the same steps, also when it goes on from a file', {
    timeout: 600_000,
  }, async () => {
    const folder = temporaryFolder()
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    await Promise.all([train(3, first), train(3, second)])
    for (const kind of ['f32', 'q8_0'])
      expect(readFileSync(`${first}-${kind}.gguf`).equals(readFileSync(`${second}-${kind}.gguf`))).toBe(true)
    const [third, fourth] = [join(folder, 'third'), join(folder, 'fourth')]
    await Promise.all([train(2, third, `${first}-f32.gguf`), train(2, fourth, `${second}-f32.gguf`)])
    const onward = readFileSync(`${third}-q8_0.gguf`)
    expect(onward.equals(readFileSync(`${fourth}-q8_0.gguf`))).toBe(true)
    expect(onward.equals(readFileSync(`${first}-q8_0.gguf`))).toBe(false)

    // A model of the bundled one's form, which writes something.
    const [made, bundled] = await Promise.all([`${third}-q8_0.gguf`, at('../models/pico.gguf')].map(formOf))
    expect(made).toEqual(bundled)
    const { usage } = await open({ model: `${third}-q8_0.gguf` }).chat({ messages: 'Hi', maxOutputTokens: 4 })
    expect(usage.inputTokens).toBeGreaterThan(3)
  })
})
