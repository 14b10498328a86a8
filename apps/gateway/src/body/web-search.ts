// Web search as a client offers it, as the tool of each maker: a model of another maker searches with its own. Sources: the tools of
// @patchbay/claude, @patchbay/openai and @patchbay/gemini, with which a test compares these.
import type { ServerTool, ServerToolName, Warning } from '@patchbay/core'
import { serverTool } from '@patchbay/core/wire'
import { requestError } from '../answer/http-status.js'
import { type Json, requireList, requireObject, requireString } from './body.js'

/** What a client asks of a web search. */
export interface WebSearch {
  /** Only these domains. */
  allowedDomains?: string[] | undefined
  blockedDomains?: string[] | undefined
  location?: Json | undefined
  maxUses?: number | undefined
  contextSize?: string | undefined
}

/** The name by which a model has it at every maker. */
export const searchName = 'web_search'

/** Whether a client's tool of this type is one: with or without a version, of Messages (`_20250305`) or Responses (`_2025_08_26`). */
export function isWebSearch(type: unknown): boolean {
  return typeof type === 'string' && /^web_search(_preview)?(_\d{8}|_\d{4}_\d\d_\d\d)?$/.test(type)
}

/** The names of the makers' searches in answers. */
export const answeredNames: readonly string[] = [searchName, 'google_search', 'google_search_web']

/** One maker's tool: the definition, and the wishes that it has a field for. */
interface Maker {
  provider: string
  takes: readonly (keyof WebSearch)[]
  definition(search: WebSearch): Json
  body?: Record<string, unknown[]>
}

const makers: readonly Maker[] = [
  {
    provider: 'claude',
    takes: ['allowedDomains', 'blockedDomains', 'location', 'maxUses'],
    definition: ({ allowedDomains, blockedDomains, location, maxUses }) => ({
      type: 'web_search_20250305',
      name: searchName,
      max_uses: maxUses,
      allowed_domains: allowedDomains,
      blocked_domains: blockedDomains,
      user_location: location,
    }),
  },
  {
    provider: 'openai',
    takes: ['allowedDomains', 'location', 'contextSize'],
    definition: ({ allowedDomains, location, contextSize }) => ({
      type: 'web_search',
      filters: allowedDomains && { allowed_domains: allowedDomains },
      user_location: location,
      search_context_size: contextSize,
    }),
    body: { include: ['web_search_call.action.sources'] },
  },
  { provider: 'gemini', takes: [], definition: () => ({ googleSearch: {} }) },
]

/** The names of all of them in capabilities. */
export const searchToolNames = makers.map(({ provider }): ServerToolName => `${provider}.webSearch`)

/** A search outside these limits would be another answer; all else is a hint. */
const limits = ['allowedDomains', 'blockedDomains'] as const

/**
 * The tools of the makers that can keep the limits of the search; `undefined` if the model has none of them. `ignored` are the wishes
 * that the model's own tool has no field for.
 */
export function searchTools(
  search: WebSearch,
  serverTools: readonly ServerToolName[],
  isOptional: boolean,
): { tools: ServerTool[]; ignored: (keyof WebSearch)[] } | undefined {
  const able = makers.filter(({ takes }) =>
    limits.every((limit) => search[limit] === undefined || takes.includes(limit)),
  )
  const own = able.filter(({ provider }) => serverTools.includes(`${provider}.webSearch`))
  if (own.length === 0) return undefined
  const { maxUses } = search
  const tools = able.map(({ provider, definition, body }) =>
    serverTool(searchName, {
      ...{ provider, kind: 'webSearch', definition: definition(search) },
      ...(maxUses !== undefined && { maxUses }),
      ...(isOptional && { isOptional }),
      ...(body && { body }),
    }),
  )
  const wishes = (Object.keys(search) as (keyof WebSearch)[]).filter((name) => search[name] !== undefined)
  return { tools, ignored: wishes.filter((name) => !own.some(({ takes }) => takes.includes(name))) }
}

/**
 * The only domains that a search may use; `undefined` for all.
 * @throws {LlmError} for an empty list: it allows nothing, which no service can search, and must not come to allow everything
 */
export function allowedDomainsOf(value: unknown, where: string): string[] | undefined {
  if (Array.isArray(value) && value.length === 0)
    throw requestError(`${where}: must name at least one domain; leave it out to allow all.`)
  return domainsOf(value, where)
}

/** The search for `x-patchbay-ignored`, if these warnings tell that the model that answers was not offered it. */
export function ignoredSearch(warnings: readonly Warning[]): string[] {
  return warnings.some(isOfSearch) ? [`tools[${searchName}]`] : []
}

/** Whether a warning tells that a search was left out: one for each maker, which clients need not know. */
export function isOfSearch({ code, feature = '' }: Warning): boolean {
  const names: readonly string[] = searchToolNames
  return code === 'unsupported' && names.includes(feature)
}

/** The texts of a list; `undefined` for none. */
export function domainsOf(value: unknown, where: string): string[] | undefined {
  if (value === undefined || value === null) return undefined
  const domains = requireList(value, where).map((domain, at) => requireString(domain, `${where}[${at}]`))
  return domains.length === 0 ? undefined : domains
}

/** Where the user is, in the form that both protocols share. */
export function locationOf(value: unknown, where: string): Json | undefined {
  if (value === undefined || value === null) return undefined
  const given = requireObject(value, where)
  const places = ['city', 'region', 'country', 'timezone'].flatMap((name) =>
    typeof given[name] === 'string' && given[name] !== '' ? [[name, given[name]]] : [],
  )
  return places.length === 0 ? undefined : { type: 'approximate', ...Object.fromEntries(places) }
}
