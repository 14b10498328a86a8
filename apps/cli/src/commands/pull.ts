// `patchbay pull`: a model onto this machine, from a hub or by the Ollama server.
import { pulledModels, pullModel, removeModel } from '@patchbay/local'
import { ollama } from '@patchbay/ollama'
import { megabytes, printable, transient } from '../terminal/print.js'

/** @throws {LlmError} what went wrong; what is there is kept, and the next pull goes on with it */
export async function pull(name: string, signal: AbortSignal): Promise<void> {
  if (/^(hf:|https?:\/\/)/.test(name)) return pullFile(name, signal)
  const llm = ollama(name.replace(/^ollama:/, ''))
  const line = transient()
  let last = ''
  try {
    for await (const { status, total, completed } of llm.pull({ signal })) {
      const share = total && completed !== undefined ? ` ${Math.floor((completed / total) * 100)} %` : ''
      line.show(`${status}${share}`)
      last = status
    }
  } finally {
    line.clear()
    await llm.close()
  }
  process.stdout.write(
    `${llm.model}: ${printable(last)}. Try: patchbay ask --provider ollama:${llm.model} "Hello"\n`,
  )
}

async function pullFile(name: string, signal: AbortSignal): Promise<void> {
  const line = transient()
  try {
    const path = await pullModel(name, {
      signal,
      onProgress: ({ completed, total, file, files }) =>
        line.show(
          `${files > 1 ? `file ${file} of ${files}: ` : ''}${megabytes(completed)}${total === undefined ? '' : ` of ${megabytes(total)}`}`,
        ),
    })
    line.clear()
    // The name under which it is kept has no signatures in it.
    const kept = (await pulledModels()).find((model) => model.path === path)
    process.stdout.write(
      `${kept?.name ?? path}: ${megabytes(kept?.size ?? 0)}, ${path}\nTry: patchbay ask --model ${kept?.name ?? path} "Hello"\n`,
    )
  } finally {
    line.clear()
  }
}

/** @throws {LlmError} `not-found` */
export async function remove(name: string, signal: AbortSignal): Promise<void> {
  await removeModel(name, { signal })
  process.stdout.write(`${name} is gone.\n`)
}
