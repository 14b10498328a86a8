// Public function `pullModel`. The code that downloads is loaded on its first use.
import type { PullOptions } from './pull-options.js'

/**
 * Downloads a model if it is not on this machine, and returns the path of its file. Resumes an earlier download, verifies
 * the SHA-256, and is safe in several processes at once. Of a model in parts (`-00001-of-00003.gguf`), downloads all parts
 * and returns the path of the first.
 *
 * `HF_TOKEN` gives access to restricted models; it is sent only to the hub, and only over https (or to a hub on this
 * machine that `HF_ENDPOINT` names). `HF_ENDPOINT` sets another hub than Hugging Face.
 * @param model `hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M`, or an https address
 * @throws {LlmError} `network` (what was downloaded is kept), `not-found`, `permission-denied`, `rate-limited`,
 *   `server-error`, `bad-response` for a wrong SHA-256 or a web page in place of a model, `model-load` for a file that is
 *   not a model, `config` if downloads are switched off or the cache cannot be written, `aborted`
 * @example
 * await pullModel('hf:owner/repo:Q4_K_M')
 * const llm = local('hf:owner/repo:Q4_K_M')
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<string> {
  return (await import('./download.js')).download(model, options)
}
