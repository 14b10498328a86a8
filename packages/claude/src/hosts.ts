// The clouds that have Claude: their addresses, and what they do not have. Sources, November 2026: platform.claude.com/docs/en/
// build-with-claude/claude-on-vertex-ai and /claude-on-amazon-bedrock-legacy, docs.aws.amazon.com/bedrock/latest/userguide/
// inference-messages-api; @anthropic-ai/vertex-sdk and /bedrock-sdk 1.1.3 (addresses, variables, and what they have no method for).
import { LlmError } from '@patchbay/core'
import { type EnvironmentKey, environment, isHostOf, isNamedBy } from '@patchbay/core/wire'

/** Credentials of AWS, as its own libraries name them. */
export interface AwsIdentity {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string | undefined
}

/** Gives credentials that are valid now, for every request. The functions of `@aws-sdk/credential-providers` are such. */
export type AwsCredentials = () => Promise<AwsIdentity>

/** What all clouds have. */
interface CloudBase {
  /** For messages. */
  who: string
  baseURL: string
  region: string
  /**
   * Whether credentials may be sent there: those of the environment to the cloud's own hosts over https, and to the address that the
   * environment names; those of the options to any.
   */
  isTrusted: boolean
  /** What to do about an error, by its code. */
  advice: Readonly<Record<string, string>>
  /** The key that the environment may have for it. */
  environmentKey?: EnvironmentKey
  /** The vendor's package for it, an optional peer. */
  sdk: string
}

/** Google Vertex AI. */
export interface VertexCloud extends CloudBase {
  name: 'vertex'
  project: string | undefined
}

/** Amazon Bedrock. */
export interface BedrockCloud extends CloudBase {
  name: 'bedrock'
  /** A key of Bedrock, in place of a signature. */
  token: string | undefined
  credentials: AwsCredentials | undefined
}

/** A cloud. */
export type Cloud = VertexCloud | BedrockCloud

/** The options that name a cloud. */
export interface CloudOptions {
  host?: string | undefined
  region?: string | undefined
  project?: string | undefined
  baseURL?: string | undefined
  apiKey?: string | undefined
  credentials?: AwsCredentials | undefined
}

const refuse = (message: string) => new LlmError('config', message, { provider: 'claude' })

/**
 * The cloud that the options name; none for Anthropic's own service and servers like it.
 * @throws {LlmError} `config` for an unknown one, and for options that do not go together
 */
export function cloudOf(options: CloudOptions): Cloud | undefined {
  const { host } = options
  if (host === undefined) {
    const name = (['region', 'project', 'credentials'] as const).find((key) => options[key] !== undefined)
    if (name === undefined) return undefined
    const hosts =
      name === 'project' ? "'vertex'" : name === 'credentials' ? "'bedrock'" : "'vertex' or 'bedrock'"
    throw refuse(`${name} is an option of a cloud. Pass host: ${hosts} too.`)
  }
  if (host !== 'vertex' && host !== 'bedrock')
    throw refuse(`host can be 'vertex' or 'bedrock'. Pass the address of any other server as baseURL.`)
  return host === 'vertex' ? vertex(options) : bedrock(options)
}

/** They stand in addresses. */
function checkNames(names: { region: string; project?: string | undefined }): void {
  for (const [name, value] of Object.entries(names))
    if (value !== undefined && !/^[a-z\d][a-z\d.:-]*$/i.test(value))
      throw refuse(`${name} must be letters, digits and hyphens.`)
}

const vertexVariable = 'ANTHROPIC_VERTEX_BASE_URL'

function vertex(options: CloudOptions): VertexCloud {
  const { region = environment('CLOUD_ML_REGION') ?? 'global', apiKey, credentials } = options
  if (apiKey !== undefined || credentials !== undefined) {
    const name = apiKey === undefined ? 'credentials' : 'apiKey'
    throw refuse(`Vertex AI takes no ${name}, but the credentials of Google. Leave it out.`)
  }
  const project =
    options.project ?? environment('ANTHROPIC_VERTEX_PROJECT_ID') ?? environment('GOOGLE_CLOUD_PROJECT')
  checkNames({ region, project })
  const baseURL = options.baseURL ?? environment(vertexVariable) ?? vertexAddress(region)
  return {
    ...{ name: 'vertex', who: 'Vertex AI', sdk: '@anthropic-ai/vertex-sdk' },
    ...{ baseURL, region, project, isTrusted: isTrusted(vertexVariable, baseURL, isGoogles) },
    advice: {
      authentication:
        "Check Google's credentials: they are only sent to Google's own hosts, and to ANTHROPIC_VERTEX_BASE_URL.",
      'permission-denied': 'Check that the project has the model, in Model Garden, and that you may use it.',
      'not-found': 'Check the id of the model, and that it is in this region: claude-opus-4-5@20251101.',
    },
  }
}

const bedrockVariable = 'ANTHROPIC_BEDROCK_BASE_URL'
const tokenVariable = 'AWS_BEARER_TOKEN_BEDROCK'

function bedrock(options: CloudOptions): BedrockCloud {
  const { apiKey, credentials } = options
  const region =
    options.region ?? environment('AWS_REGION') ?? environment('AWS_DEFAULT_REGION') ?? 'us-east-1'
  if (options.project !== undefined) throw refuse('Amazon Bedrock has no project. Leave it out.')
  if (apiKey !== undefined && credentials !== undefined) throw refuse('Pass apiKey or credentials, not both.')
  if (credentials !== undefined && typeof credentials !== 'function')
    throw refuse(
      'credentials must be a function that gives them: async () => ({ accessKeyId, secretAccessKey }).',
    )
  checkNames({ region })
  const baseURL = options.baseURL ?? environment(bedrockVariable) ?? bedrockAddress(region)
  const isExplicit = apiKey !== undefined || credentials !== undefined
  const token = apiKey ?? (isExplicit ? undefined : environment(tokenVariable))
  return {
    environmentKey: { variable: tokenVariable, hosts: [new URL(bedrockAddress(region)).host] },
    ...{ name: 'bedrock', who: 'Amazon Bedrock', sdk: '@anthropic-ai/bedrock-sdk' },
    ...{
      token,
      credentials,
      baseURL,
      region,
      isTrusted: isExplicit || isTrusted(bedrockVariable, baseURL, isAmazons),
    },
    advice: {
      authentication:
        "Check the credentials of AWS, or the key: those of the environment are only sent to Amazon's own hosts, and to ANTHROPIC_BEDROCK_BASE_URL.",
      'permission-denied':
        'Check that the account has the model in this region, and that its policies allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream.',
      'not-found':
        'Check the id of the model, and that it is in this region: global.anthropic.claude-sonnet-4-5-20250929-v1:0.',
    },
  }
}

function isTrusted(variable: string, baseURL: string, isOwn: (hostname: string) => boolean): boolean {
  if (!URL.canParse(baseURL)) return false
  const { protocol, hostname } = new URL(baseURL)
  return isNamedBy(variable, baseURL) || (protocol === 'https:' && isOwn(hostname))
}

function isGoogles(hostname: string): boolean {
  const ends = ['aiplatform.googleapis.com', 'rep.googleapis.com', 'p.googleapis.com']
  return isHostOf(hostname, ends) || hostname.endsWith('-aiplatform.googleapis.com')
}

// Public addresses, those of FIPS, China and IPv6, and private ones in a VPC: docs.aws.amazon.com/general/latest/gr/bedrock.
const amazons =
  /(^|\.)bedrock-runtime(-fips)?\.[a-z]{2,}(-[a-z]+)+-\d+(\.vpce)?\.(amazonaws\.com(\.cn)?|api\.aws)$/

function isAmazons(hostname: string): boolean {
  return amazons.test(hostname)
}

function vertexAddress(region: string): string {
  if (region === 'global') return 'https://aiplatform.googleapis.com/v1'
  if (region === 'us' || region === 'eu') return `https://aiplatform.${region}.rep.googleapis.com/v1`
  return `https://${region}-aiplatform.googleapis.com/v1`
}

function bedrockAddress(region: string): string {
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

// The paths of the Messages API that they have.
const paths = new Set(['/v1/messages', '/v1/messages/count_tokens'])

/** @throws {LlmError} `unsupported` for what a cloud does not have: batches, files, the list of models */
export function checkPath({ who }: Cloud, path: string): void {
  if (paths.has(path)) return
  const what = path.includes('/batches') ? 'batches' : path.includes('/models') ? 'list of models' : path
  throw new LlmError('unsupported', `${who} has no ${what}. Use Anthropic's own service for that.`)
}
