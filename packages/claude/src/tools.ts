// The tools of Anthropic's service: `claude.tools`. Sources: platform.claude.com/docs/en/agents-and-tools/tool-use (web-search-tool,
// web-fetch-tool, code-execution-tool, computer-use-tool) and /mcp-connector, and the types of @anthropic-ai/sdk 1.14.0, November 2026.
import type { ServerTool, Tool } from '@patchbay/core'
import { checkToolOptions, notBoth, optionIs, serverTool } from '@patchbay/core/wire'

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
 * see `webSearches` of `usage`. Each throws `LlmError` `config` for an option that it does not know, or whose value cannot be right.
 * @example
 * await llm.chat({ messages: 'What is new in Lima?', tools: [claude.tools.webSearch({ maxUses: 3 })] })
 */
export const claudeTools = {
  /** Searches the web, and cites what it found. */
  webSearch(options: WebSearchOptions = {}): ServerTool<'web_search'> {
    const who = 'claude.tools.webSearch'
    checkToolOptions(options, who, {
      ...domainChecks,
      maxUses: optionIs.count,
      location: optionIs.place,
      filtering: optionIs.flag,
    })
    notBoth(options, who, 'allowedDomains', 'blockedDomains')
    const { maxUses, location, filtering } = options
    return serverTool('web_search', {
      ...{ provider: 'claude', kind: 'webSearch' },
      ...(maxUses !== undefined && { maxUses }),
      definition: {
        type: filtering ? 'web_search_20260209' : 'web_search_20250305',
        name: 'web_search',
        max_uses: maxUses,
        ...domainFields(options),
        user_location: location && { type: 'approximate', ...location },
      },
    })
  },
  /** Reads pages and PDFs whose address stands in the conversation. */
  webFetch(options: WebFetchOptions = {}): ServerTool<'web_fetch'> {
    const who = 'claude.tools.webFetch'
    checkToolOptions(options, who, {
      ...domainChecks,
      maxUses: optionIs.count,
      maxContentTokens: optionIs.count,
      citations: optionIs.flag,
      filtering: optionIs.flag,
    })
    notBoth(options, who, 'allowedDomains', 'blockedDomains')
    const { maxUses, maxContentTokens, citations, filtering } = options
    return serverTool('web_fetch', {
      ...{ provider: 'claude', kind: 'webFetch' },
      ...(maxUses !== undefined && { maxUses }),
      definition: {
        type: filtering ? 'web_fetch_20260209' : 'web_fetch_20250910',
        name: 'web_fetch',
        max_uses: maxUses,
        max_content_tokens: maxContentTokens,
        citations: citations && { enabled: true },
        ...domainFields(options),
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
  mcp(options: McpOptions): ServerTool {
    checkToolOptions(
      options,
      'claude.tools.mcp',
      {
        name: optionIs.text,
        url: optionIs.text,
        authorizationToken: optionIs.text,
        allowedTools: optionIs.texts,
      },
      ['name', 'url'],
    )
    const { name, url, authorizationToken, allowedTools } = options
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
  computer<Output = unknown, Context = unknown>(
    options: ComputerOptions<Output, Context>,
  ): ServerTool<'computer', ComputerAction, Output, Context> {
    checkToolOptions(
      options,
      'claude.tools.computer',
      {
        width: optionIs.count,
        height: optionIs.count,
        // 0 is the first display.
        display: optionIs.anything,
        zoom: optionIs.flag,
        run: optionIs.anything,
        needsApproval: optionIs.anything,
      },
      ['width', 'height'],
    )
    const { width, height, display, zoom, run, needsApproval } = options
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

const domainChecks = { allowedDomains: optionIs.someTexts, blockedDomains: optionIs.texts }

function domainFields({ allowedDomains, blockedDomains }: DomainFilter): Record<string, unknown> {
  return { allowed_domains: allowedDomains, blocked_domains: blockedDomains }
}
