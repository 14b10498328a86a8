// The options of `gemini()`.
import type { ProviderOptions } from '@patchbay/core'
import type { VertexOptions } from './client.js'
import type { ModelRules } from './models.js'

/** Options of `gemini`. */
export interface GeminiOptions extends ProviderOptions {
  /** The model's id, for example `'gemini-3.6-flash'`. */
  model?: string | undefined
  /**
   * The API key, sent in the header `x-goog-api-key`. Default: `GEMINI_API_KEY`, which is only sent to Google's own host over https,
   * and to the address in `GEMINI_BASE_URL`. Other servers, also on this machine, only get a key from this option.
   */
  apiKey?: string | undefined
  /** The address of the server, without the version. Default: `GEMINI_BASE_URL`, else `https://generativelanguage.googleapis.com`. */
  baseURL?: string | undefined
  /** The version in the path. Default, as in the official client: `'v1beta'`; on Vertex AI `'v1beta1'`. */
  apiVersion?: string | undefined
  /**
   * Asks Vertex AI instead of the Gemini API, with Google's own credentials (`GOOGLE_APPLICATION_CREDENTIALS`, or those of `gcloud`),
   * or with a key for Vertex AI in `apiKey`. `true`: the project and the region of the environment.
   */
  vertex?: VertexOptions | boolean | undefined
  /** Sends the requests. Default: the platform's `fetch`. */
  fetch?: typeof fetch | undefined
  /** Rules of a model that is newer than our table. Default: those of the newest family. */
  rules?: Partial<ModelRules> | undefined
  /**
   * Allows calls from a web page, where everybody can read the key: only for a key of the visitor's own, or a server that needs none.
   * Default false: such a call is a `config` error.
   */
  allowBrowser?: boolean | undefined
}

/** For `factoryOptions`. */
export const names = {
  ...{ factory: 'gemini', example: 'gemini-3.6-flash' },
  own: {
    apiKey: true,
    baseURL: true,
    apiVersion: true,
    vertex: true,
    fetch: true,
    rules: true,
    allowBrowser: true,
  },
} as const
