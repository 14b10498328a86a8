// Models from a hub onto this machine: `pullModel`. What does it is loaded with the first.

import type { PullOptions } from './pull-options.js'

/**
 * Fetches `hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M` or an https address, unless it is there, and gives its path;
 * of a model in parts (`-00001-of-00003.gguf`) all of them, and the path of the first.
 * `HF_TOKEN` opens models that are not public; it is sent to the hub alone, over https (a hub on this machine that
 * `HF_ENDPOINT` names gets it without). `HF_ENDPOINT` names another hub.
 * @throws {LlmError} `network` (what is there is kept), `not-found`, `permission-denied`, `bad-response` for a wrong sum
 *   or a page in place of a model, `rate-limited`, `server-error`, `model-load` for what is no model, `config` when it is
 *   not there and nothing may be fetched or kept, `aborted`
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<string> {
  return (await import('./download.js')).download(model, options)
}
