// `patchbay pull`: a model onto this machine, by the Ollama server.
import { ollama } from '@patchbay/ollama'
import { UsageError } from './exit.js'
import { transient } from './print.js'

/** @throws {LlmError} what went wrong; what is there is kept, and the next pull goes on with it */
export async function pull(name: string, signal: AbortSignal): Promise<void> {
  if (/^(hf|https?):/.test(name))
    throw new UsageError(
      'patchbay pull fetches models of Ollama (qwen3:0.6b). Download a GGUF file with your browser, and give its path to --model.',
    )
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
  process.stdout.write(`${llm.model}: ${last}. Try: patchbay ask --provider ollama:${llm.model} "Hello"\n`)
}
