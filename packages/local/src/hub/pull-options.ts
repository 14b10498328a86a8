// The options of `pullModel`.

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
