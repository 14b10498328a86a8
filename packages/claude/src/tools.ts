// The tools of Anthropic's service: `claude.tools`. Sources: platform.claude.com/docs/en/agents-and-tools/tool-use (web-search-tool,
// web-fetch-tool, code-execution-tool, computer-use-tool) and /mcp-connector, and the types of @anthropic-ai/sdk 1.14.0, November 2026.
import type { ServerTool, Tool } from '@patchbay/core'
import { serverTool } from '@patchbay/core/wire'

/** Where the user is, for results that fit. */
export interface SearchLocation {
  city?: string | undefined
  region?: string | undefined
  /** ISO 3166-1, two letters. */
  country?: string | undefined
  /** IANA: `'America/Lima'`. */
  timezone?: string | undefined
}

/** Only these domains, or all but these; not both. Without `https://`; subdomains are included. */
export type DomainFilter =
  | { allowedDomains?: readonly string[] | undefined; blockedDomains?: never }
  | { allowedDomains?: never; blockedDomains?: readonly string[] | undefined }

/** Options of `claude.tools.webSearch`. */
export type WebSearchOptions = DomainFilter & {
  /** Searches in one request at most. Default: no limit. */
  maxUses?: number | undefined
  location?: SearchLocation | undefined
  /**
   * Lets the model filter results by code before it reads them (`web_search_20260209`), which saves tokens; Claude 4.6 and later,
   * on Anthropic's own service. Default false: `web_search_20250305`, which every model has.
   */
  filtering?: boolean | undefined
}

/** Options of `claude.tools.webFetch`. */
export type WebFetchOptions = DomainFilter & {
  /** Fetches in one request at most. Default: no limit. */
  maxUses?: number | undefined
  /** The most tokens of one page; about, not exactly. Default: no limit. */
  maxContentTokens?: number | undefined
  /** Whether answers cite passages of the pages. Default false. */
  citations?: boolean | undefined
  /** As with `webSearch`: `web_fetch_20260209` in place of `web_fetch_20250910`. Default false. */
  filtering?: boolean | undefined
}

/** Options of `claude.tools.computer`. */
export interface ComputerOptions<Output, Context> {
  /** The size of the screen in pixels. */
  width: number
  height: number
  /** The number of the X11 display. */
  display?: number | undefined
  /** Whether the model may zoom into a region. Default false. */
  zoom?: boolean | undefined
  /** Does what the model asks, and returns what it sees: an image part. Without it, the calls stay open. */
  run?: Tool<ComputerAction, Output, 'computer', Context>['run']
  needsApproval?: Tool<ComputerAction, Output, 'computer', Context>['needsApproval']
}

/** What the model asks of the computer. */
export interface ComputerAction {
  /** `'screenshot'`, `'left_click'`, `'type'`, `'key'`, `'scroll'`, `'mouse_move'`, `'wait'` … */
  action: string
  /** x and y, in pixels. */
  coordinate?: [x: number, y: number]
  text?: string
  [more: string]: unknown
}

/** Options of `claude.tools.mcp`. */
export interface McpOptions {
  /** A name of its own in the request. */
  name: string
  /** The address of the server, public and over https. */
  url: string
  /** The OAuth token for the server. Anthropic passes it on. */
  authorizationToken?: string | undefined
  /** Only these of its tools. Default: all. */
  allowedTools?: readonly string[] | undefined
}

/**
 * The tools that Anthropic's service runs (`computer` is run by the app), for `tools` of a request. They are billed beside the tokens:
 * see `webSearches` of `usage`.
 * @example
 * await llm.chat({ messages: 'What is new in Lima?', tools: [claude.tools.webSearch({ maxUses: 3 })] })
 */
export const claudeTools = {
  /** Searches the web, and cites what it found. */
  webSearch({ maxUses, location, filtering, ...domains }: WebSearchOptions = {}): ServerTool<'web_search'> {
    return serverTool('web_search', {
      ...{ provider: 'claude', kind: 'webSearch' },
      ...(maxUses !== undefined && { maxUses }),
      definition: {
        type: filtering ? 'web_search_20260209' : 'web_search_20250305',
        name: 'web_search',
        max_uses: maxUses,
        ...domainFields(domains),
        user_location: location && { type: 'approximate', ...location },
      },
    })
  },
  /** Reads pages and PDFs whose address stands in the conversation. */
  webFetch({
    maxUses,
    maxContentTokens,
    citations,
    filtering,
    ...domains
  }: WebFetchOptions = {}): ServerTool<'web_fetch'> {
    return serverTool('web_fetch', {
      ...{ provider: 'claude', kind: 'webFetch' },
      ...(maxUses !== undefined && { maxUses }),
      definition: {
        type: filtering ? 'web_fetch_20260209' : 'web_fetch_20250910',
        name: 'web_fetch',
        max_uses: maxUses,
        max_content_tokens: maxContentTokens,
        citations: citations && { enabled: true },
        ...domainFields(domains),
      },
    })
  },
  /** Runs Python and shell commands in a container of the service. */
  codeExecution(): ServerTool<'code_execution'> {
    return serverTool('code_execution', {
      ...{ provider: 'claude', kind: 'codeExecution' },
      definition: { type: 'code_execution_20250825', name: 'code_execution' },
    })
  },
  /** Tools of a remote MCP server, which the service calls. */
  mcp({ name, url, authorizationToken, allowedTools }: McpOptions): ServerTool {
    return serverTool(`mcp_${name}`, {
      ...{ provider: 'claude', kind: 'mcp' },
      ...(authorizationToken && { secrets: [authorizationToken] }),
      definition: {
        type: 'mcp_toolset',
        mcp_server_name: name,
        ...(allowedTools && {
          default_config: { enabled: false },
          configs: Object.fromEntries(allowedTools.map((tool) => [tool, { enabled: true }])),
        }),
      },
      body: {
        mcp_servers: [
          { type: 'url', name, url, ...(authorizationToken && { authorization_token: authorizationToken }) },
        ],
      },
    })
  },
  /**
   * A screen, a mouse and a keyboard that the app controls for the model (`computer_20251124`): of Opus 4.5 to 5, and Sonnet 4.6 and 5.
   * Models from 5.5 on take only a toolset that Patchbay does not have.
   */
  computer<Output = unknown, Context = unknown>({
    width,
    height,
    display,
    zoom,
    run,
    needsApproval,
  }: ComputerOptions<Output, Context>): ServerTool<'computer', ComputerAction, Output, Context> {
    const tool = serverTool('computer', {
      ...{ provider: 'claude', kind: 'computer' },
      definition: {
        type: 'computer_20251124',
        name: 'computer',
        display_width_px: width,
        display_height_px: height,
        display_number: display,
        enable_zoom: zoom,
      },
    })
    return { ...tool, ...(run && { run }), ...(needsApproval && { needsApproval }) } as ServerTool<
      'computer',
      ComputerAction,
      Output,
      Context
    >
  },
} as const

function domainFields({ allowedDomains, blockedDomains }: DomainFilter): Record<string, unknown> {
  return { allowed_domains: allowedDomains, blocked_domains: blockedDomains }
}
