// The options of `claude()`.
import type Anthropic from '@anthropic-ai/sdk'
import type { ProviderOptions } from '@patchbay/core'
import type { AwsCredentials } from './hosts.js'
import type { ModelRules } from './models.js'

/** Options of `claude`. */
export interface ClaudeOptions extends ProviderOptions {
  /** The model's id, for example `'claude-opus-5'`. Editors offer those that the official client knows; any other is sent too. */
  model?: Anthropic.Model | undefined
  /**
   * The API key. Default: `ANTHROPIC_API_KEY`, which is only sent to Anthropic's own hosts over https, and to the address in
   * `ANTHROPIC_BASE_URL`. Other servers, also on this machine, only get a key from this option.
   */
  apiKey?: string | undefined
  /**
   * The address of the server. Default: `ANTHROPIC_BASE_URL`, else `https://api.anthropic.com`. With `host: 'vertex'`:
   * `ANTHROPIC_VERTEX_BASE_URL`, with `host: 'bedrock'`: `ANTHROPIC_BEDROCK_BASE_URL`, else the address of the region.
   */
  baseURL?: string | undefined
  /**
   * A cloud in place of Anthropic's own service.
   *
   * - `'vertex'`: Google Vertex AI, with Google's own credentials (`GOOGLE_APPLICATION_CREDENTIALS`, or those of `gcloud`). It needs the
   *   package `@anthropic-ai/vertex-sdk`. Google's credentials are only sent to Google's own hosts over https, and to the address in
   *   `ANTHROPIC_VERTEX_BASE_URL`.
   * - `'bedrock'`: Amazon Bedrock, with a key of Bedrock (`apiKey`, or `AWS_BEARER_TOKEN_BEDROCK`), or signed with credentials of AWS
   *   (`credentials`, or those that the tools of AWS find: environment, profile, single sign-on, role of the machine). It needs the
   *   package `@anthropic-ai/bedrock-sdk`. What the environment has is only sent to Amazon's own hosts over https, and to the address in
   *   `ANTHROPIC_BEDROCK_BASE_URL`.
   */
  host?: 'vertex' | 'bedrock' | undefined
  /**
   * Of a cloud: its region. Default on Vertex AI: `CLOUD_ML_REGION`, else `'global'`; on Amazon Bedrock: `AWS_REGION`,
   * `AWS_DEFAULT_REGION`, else `'us-east-1'`.
   */
  region?: string | undefined
  /**
   * Of Amazon Bedrock: credentials of your own, asked for with every request. Default: those that the tools of AWS find, also with every
   * request; a provider of `@aws-sdk/credential-providers` passed here keeps them until they expire.
   */
  credentials?: AwsCredentials | undefined
  /** Of Vertex AI: the project's id. Default: `ANTHROPIC_VERTEX_PROJECT_ID`, `GOOGLE_CLOUD_PROJECT`, else that of the credentials. */
  project?: string | undefined
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
  ...{ factory: 'claude', example: 'claude-opus-5' },
  own: {
    apiKey: true,
    baseURL: true,
    host: true,
    region: true,
    project: true,
    credentials: true,
    fetch: true,
    rules: true,
    allowBrowser: true,
  },
} as const
