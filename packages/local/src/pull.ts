// Models from a hub onto this machine: `pullModel`. What does it is loaded with the first.

/** How far a model has come. */
export interface PullProgress {
  /** Bytes of this file that are there. */
  completed: number
  /** All it will have, where the server says. */
  total?: number
  /** Which of its files it is, from 1: large models come in parts. */
  file: number
  files: number
}

/** Options of `pullModel`. */
export interface PullOptions {
  signal?: AbortSignal
  /** A callback that throws ends the download with `aborted`; what is there is kept. */
  onProgress?: (progress: PullProgress) => void
  /** Default: `patchbay` in the user's cache folder. */
  cacheDir?: string
  /** What the file must have, in hexadecimal, where the hub does not say; for models of one file. */
  sha256?: string
  /** Fetch nothing: the model must be there. Default: true when `HF_HUB_OFFLINE` is 1. */
  offline?: boolean
  /**
   * Makes the requests, for proxies, certificates or headers of your own. Default: the platform's `fetch`, through the
   * proxy of `HTTPS_PROXY` and `HTTP_PROXY` (`NO_PROXY` names hosts that are asked directly).
   */
  fetch?: typeof fetch
}

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
