// What a handler knows of its request: who asks, and who answers.
import type { ChatRequest, Message, Part, Provider } from '@patchbay/core'
import { checkPublic, withoutKeys } from '@patchbay/core/wire'
import { yieldToEventLoop } from '@patchbay/core/wrap'
import type { Context } from 'hono'
import { hasLargeBody, type Json, nameOf } from '../body/body.js'
import type { Client } from './api-keys.js'
import type { Targets } from './provider-registry.js'
import type { Visit } from './request-record.js'

/** In the context of each request; `client` where there are keys. */
export interface Env {
  Variables: { visit: Visit; client?: Client }
}

const manyMessages = 1000

/** Who answers this request. */
export async function providerOf(context: Context<Env>, targets: Targets, body: Json): Promise<Provider> {
  const { visit, client } = context.var
  const model = nameOf(body)
  if (model !== undefined) visit.found({ model: withoutKeys(model) })
  // What has been made of a large body took its time, and the call takes its own.
  if (hasLargeBody(context)) await yieldToEventLoop()
  return targets.get(model, client)
}

/**
 * Checks that images and files of a request lie where everybody can reach them. An address that only this network has would be
 * opened for a stranger by whoever answers, who may stand in it (server-side request forgery).
 * @throws {LlmError} `invalid-request`
 */
export async function checkFetchable(request: ChatRequest): Promise<void> {
  const messages = request.messages as Message[]
  // So many have just been made, and that took its time.
  if (messages.length > manyMessages) await yieldToEventLoop()
  const addresses = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : addressesIn(content),
  )
  await Promise.all([...new Set(addresses)].map((address) => checkPublic(address)))
}

function addressesIn(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    if (part.type === 'tool-result') return typeof part.output === 'string' ? [] : addressesIn(part.output)
    return (part.type === 'image' || part.type === 'file') && isAddress(part.url) ? [part.url] : []
  })
}

/** What holds its bytes itself is fetched by nobody. */
function isAddress(url: string | undefined): url is string {
  return url !== undefined && !/^data:/i.test(url)
}
