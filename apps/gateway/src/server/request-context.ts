// Request context of a handler: the request record, the API key, and the provider that answers.
import type { ChatRequest, Message, Part, Provider, Reasoning, ServerToolName } from '@patchbay/core'
import { checkPublic, objectsIn, withoutKeys } from '@patchbay/core/wire'
import { yieldToEventLoop } from '@patchbay/core/wrap'
import type { Context } from 'hono'
import { hasLargeBody, type Json, modelName } from '../body/body.js'
import { isWebSearch, searchToolNames } from '../body/web-search.js'
import type { BackgroundJob } from '../protocols/responses/background-jobs.js'
import type { Client } from './api-keys.js'
import type { ProviderRegistry } from './provider-registry.js'
import type { RequestRecorder } from './request-record.js'

/** Variables of each request in hono's context; `client` if the gateway has keys, `admin` for the admin interface, `job` for a request that comes from one. */
export interface Env {
  Variables: { recorder: RequestRecorder; client?: Client; admin?: string; job?: BackgroundJob }
}

const manyMessages = 1000

/** The provider that answers this request. */
export async function providerFor(
  context: Context<Env>,
  registry: ProviderRegistry,
  body: Json,
): Promise<Provider> {
  const [recorder, client] = [context.get('recorder'), context.get('client')]
  const model = modelName(body)
  if (model !== undefined) recorder.note({ model: withoutKeys(model) })
  // Reading a large body took long, and so does the call: others get their turn in between.
  if (hasLargeBody(context)) await yieldToEventLoop()
  const provider = await registry.get(model, client)
  recorder.setCall(provider, body)
  return provider
}

/**
 * Checks that URLs of images and files are public. The model server may stand in a private network, and would open
 * internal urls for the client (server-side request forgery).
 * @throws {LlmError} `invalid-request`
 */
export async function checkPublicUrls(request: ChatRequest): Promise<void> {
  const messages = request.messages as Message[]
  // Converting so many messages took long.
  if (messages.length > manyMessages) await yieldToEventLoop()
  const urls = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : urlsIn(content)))
  await Promise.all([...new Set(urls)].map((url) => checkPublic(url)))
}

function urlsIn(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    if (part.type === 'tool-result') return typeof part.output === 'string' ? [] : urlsIn(part.output)
    return (part.type === 'image' || part.type === 'file') && isRemote(part.url) ? [part.url] : []
  })
}

/** Whether something will be fetched: a data URL holds its own bytes. */
function isRemote(url: string | undefined): url is string {
  return url !== undefined && !/^data:/i.test(url)
}

/** Budgets in tokens, and the effort that comes close where a model has efforts only. */
const efforts: [upTo: number, effort: Reasoning][] = [
  [4096, 'low'],
  [16_384, 'medium'],
  [Number.POSITIVE_INFINITY, 'high'],
]

/**
 * The server tools of the provider's model, if the client offers a web search; else they are not asked for. A provider that cannot tell
 * them now may have a fallback: each provider then takes the search that it knows to have.
 */
export async function serverToolsFor(
  tools: unknown,
  provider: Provider,
  recorder: RequestRecorder,
): Promise<readonly ServerToolName[]> {
  if (!objectsIn(tools).some(({ type }) => isWebSearch(type))) return []
  const capabilities = await provider.capabilities(recorder.callOptions()).catch(() => undefined)
  return capabilities === undefined ? searchToolNames : (capabilities.serverTools ?? [])
}

/**
 * The request as this model can reason: without reasoning for a model that has none, and with an effort in place of a budget.
 * Agents ask every model to think. `field` is the client's name for it.
 * @throws {LlmError} `invalid-request` if `gateway.strict` is on
 */
export async function withoutUnknownReasoning(
  request: ChatRequest,
  provider: Provider,
  recorder: RequestRecorder,
  field: string,
): Promise<ChatRequest> {
  const { reasoning, ...rest } = request
  if (reasoning === undefined || reasoning === 'off') return request
  // If the model cannot be asked, the call tells why, or a fallback answers it.
  const capabilities = await provider.capabilities(recorder.callOptions()).catch(() => undefined)
  if (capabilities?.reasoning === false) {
    recorder.recordIgnored([field])
    return rest
  }
  if (typeof reasoning !== 'object' || capabilities?.options?.reasoningBudget !== false) return request
  const [, effort = 'high'] = efforts.find(([upTo]) => reasoning.budgetTokens <= upTo) ?? []
  return { ...rest, reasoning: effort }
}
