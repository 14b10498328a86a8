// Options of `pullModel`.

/** Progress of a download. */
export interface PullProgress {
  /** Bytes of this file that are downloaded. */
  completed: number
  /** Size of this file in bytes, if the server says so. */
  total?: number
  /** Number of this file, from 1: large models are split into parts. */
  file: number
  /** Number of files of the model. */
  files: number
}

/** Options of `pullModel`. */
export interface PullOptions {
  /** Aborts the download; what was downloaded is kept, and the next call resumes. */
  signal?: AbortSignal | undefined
  /** Called as data arrives. If it throws, the download ends with `aborted`; what was downloaded is kept. */
  onProgress?: ((progress: PullProgress) => void) | undefined
  /** The folder to store models in. Default: `patchbay` in the user's cache folder. */
  cacheDir?: string | undefined
  /** Expected SHA-256 of the file, in hexadecimal. Default: the one the hub sends. Only for models of one file. */
  sha256?: string | undefined
  /** Download nothing: the model must already be on this machine. Default: `true` if `HF_HUB_OFFLINE` is 1, otherwise `false`. */
  offline?: boolean | undefined
  /**
   * Makes the requests; for your own proxies, certificates or headers. Default: the platform's `fetch`, through the proxy
   * of `HTTPS_PROXY` and `HTTP_PROXY`, except for hosts in `NO_PROXY`.
   */
  fetch?: typeof fetch | undefined
}
