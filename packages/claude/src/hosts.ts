// The clouds that have Claude: their addresses, and what they refuse. Source: platform.claude.com/docs/en/build-with-claude/
// claude-on-vertex-ai, November 2026; @anthropic-ai/vertex-sdk 1.1.3 (addresses, variables, and what it has no method for).
import { LlmError } from '@patchbay/core'
import { environment, isHostOf, isNamedBy } from '@patchbay/core/wire'

const addressVariable = 'ANTHROPIC_VERTEX_BASE_URL'

/** A cloud. */
export interface Cloud {
  /** For messages. */
  who: string
  baseURL: string
  region: string
  project: string | undefined
  /** Whether Google's credentials may be sent there: to Google's own hosts over https, and to the address that the environment names. */
  isTrusted: boolean
}

/**
 * The cloud that the options name; none for Anthropic's own service and servers like it.
 * @throws {LlmError} `config` for an unknown one, and for options that do not go together
 */
export function cloudOf(options: {
  host?: string | undefined
  region?: string | undefined
  project?: string | undefined
  baseURL?: string | undefined
  apiKey?: string | undefined
}): Cloud | undefined {
  const { host, region = environment('CLOUD_ML_REGION') ?? 'global', apiKey } = options
  const refuse = (message: string) => new LlmError('config', message, { provider: 'claude' })
  if (host === undefined) {
    const name = (['region', 'project'] as const).find((option) => options[option] !== undefined)
    if (name !== undefined) throw refuse(`${name} is an option of a cloud. Pass host: 'vertex' too.`)
    return undefined
  }
  if (host !== 'vertex')
    throw refuse(`host can be 'vertex'. Pass the address of any other server as baseURL.`)
  if (apiKey !== undefined)
    throw refuse('Vertex AI takes no apiKey, but the credentials of Google. Leave it out.')
  const project =
    options.project ?? environment('ANTHROPIC_VERTEX_PROJECT_ID') ?? environment('GOOGLE_CLOUD_PROJECT')
  // They stand in addresses.
  for (const [name, value] of Object.entries({ region, project }))
    if (value !== undefined && !/^[a-z\d][a-z\d.:-]*$/i.test(value))
      throw refuse(`${name} must be letters, digits and hyphens.`)
  const baseURL = options.baseURL ?? environment(addressVariable) ?? addressOf(region)
  const isTrusted =
    URL.canParse(baseURL) && (isNamedBy(addressVariable, baseURL) || isGoogles(new URL(baseURL)))
  return { who: 'Vertex AI', baseURL, region, project, isTrusted }
}

function isGoogles({ protocol, hostname }: URL): boolean {
  const ends = ['aiplatform.googleapis.com', 'rep.googleapis.com', 'p.googleapis.com']
  const isOne = isHostOf(hostname, ends) || hostname.endsWith('-aiplatform.googleapis.com')
  return protocol === 'https:' && isOne
}

function addressOf(region: string): string {
  if (region === 'global') return 'https://aiplatform.googleapis.com/v1'
  if (region === 'us' || region === 'eu') return `https://aiplatform.${region}.rep.googleapis.com/v1`
  return `https://${region}-aiplatform.googleapis.com/v1`
}

// The paths of the Messages API that they have.
const paths = new Set(['/v1/messages', '/v1/messages/count_tokens'])

/** @throws {LlmError} `unsupported` for what a cloud does not have: batches, files, the list of models */
export function checkPath({ who }: Cloud, path: string): void {
  if (paths.has(path)) return
  const what = path.includes('/batches') ? 'batches' : path.includes('/models') ? 'list of models' : path
  throw new LlmError('unsupported', `${who} has no ${what}. Use Anthropic's own service for that.`)
}
