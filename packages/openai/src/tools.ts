// The tools of OpenAI's service: `openai.tools`. Sources: platform.openai.com/docs/guides/tools (web search, file search, code
// interpreter, image generation, connectors and MCP), and the types of openai 6.49.0 (Responses.Tool), November 2026.
import type { ServerTool } from '@patchbay/core'
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

/** Options of `openai.tools.webSearch`. */
export interface WebSearchOptions {
  /** Only these domains and their subdomains, without `https://`; 100 at most. Default: all. */
  allowedDomains?: readonly string[] | undefined
  location?: SearchLocation | undefined
  /** How much of the results the model reads. Default `'medium'`. */
  contextSize?: 'low' | 'medium' | 'high' | undefined
}

/** Options of `openai.tools.fileSearch`. */
export interface FileSearchOptions {
  /** The vector stores to search: `'vs_…'`. */
  vectorStoreIds: readonly string[]
  /** From 1 to 50. Default 20. */
  maxResults?: number | undefined
  /** The least score of a result, 0 to 1. Default 0. */
  minScore?: number | undefined
  /** A filter on attributes of the files, in the form of the service. */
  filters?: Record<string, unknown> | undefined
}

/** Options of `openai.tools.codeInterpreter`. */
export interface CodeInterpreterOptions {
  /** A container to go on with: `'cntr_…'`. Default: a new one. */
  container?: string | undefined
  /** Files of the service for a new container: `'file-…'`. */
  fileIds?: readonly string[] | undefined
  /** Memory of a new container. Default `'1g'`. */
  memory?: '1g' | '4g' | '16g' | '64g' | undefined
}

/** Options of `openai.tools.imageGeneration`. */
export interface ImageGenerationOptions {
  /** The image model. Default: the service's newest. */
  model?: string | undefined
  /** For example `'1024x1536'`. Default `'auto'`. */
  size?: string | undefined
  quality?: 'low' | 'medium' | 'high' | 'auto' | undefined
  /** Default `'png'`. */
  format?: 'png' | 'webp' | 'jpeg' | undefined
  background?: 'transparent' | 'opaque' | 'auto' | undefined
}

/** Options of `openai.tools.mcp`: the address of a server, or a connector of OpenAI's. */
export type McpOptions = {
  /** A name of its own in the request: letters, digits, `_` and `-`. */
  name: string
  description?: string | undefined
  /** The OAuth token for the server or the connector. OpenAI passes it on, and does not store it. */
  authorizationToken?: string | undefined
  /** Only these of its tools. Default: all. The service calls them without asking. */
  allowedTools?: readonly string[] | undefined
} & ({ url: string; connector?: never } | { url?: never; connector: `connector_${string}` })

/**
 * The tools that OpenAI's service runs, for `tools` of a request on the Responses API. They are billed beside the tokens.
 * Each throws `LlmError` `config` for an option that it does not know, or whose value cannot be right.
 * @example
 * await llm.chat({ messages: 'What is new in Lima?', tools: [openai.tools.webSearch()] })
 */
export const openaiTools = {
  /** Searches the web, reads pages, and cites them. */
  webSearch(options: WebSearchOptions = {}): ServerTool<'web_search'> {
    checkToolOptions(options, 'openai.tools.webSearch', {
      allowedDomains: optionIs.someTexts,
      location: optionIs.place,
      contextSize: optionIs.text,
    })
    const { allowedDomains, location, contextSize } = options
    return serverTool('web_search', {
      ...{ provider: 'openai', kind: 'webSearch' },
      definition: {
        type: 'web_search',
        filters: allowedDomains && { allowed_domains: allowedDomains },
        user_location: location && { type: 'approximate', ...location },
        search_context_size: contextSize,
      },
      body: { include: ['web_search_call.action.sources'] },
    })
  },
  /** Searches files that were uploaded to vector stores. */
  fileSearch(options: FileSearchOptions): ServerTool<'file_search'> {
    checkToolOptions(
      options,
      'openai.tools.fileSearch',
      {
        vectorStoreIds: optionIs.someTexts,
        maxResults: optionIs.count,
        minScore: optionIs.share,
        filters: optionIs.object,
      },
      ['vectorStoreIds'],
    )
    const { vectorStoreIds, maxResults, minScore, filters } = options
    return serverTool('file_search', {
      ...{ provider: 'openai', kind: 'fileSearch' },
      definition: {
        type: 'file_search',
        vector_store_ids: vectorStoreIds,
        max_num_results: maxResults,
        ranking_options: minScore === undefined ? undefined : { score_threshold: minScore },
        filters,
      },
      body: { include: ['file_search_call.results'] },
    })
  },
  /** Runs Python in a container of the service. */
  codeInterpreter(options: CodeInterpreterOptions = {}): ServerTool<'code_interpreter'> {
    const who = 'openai.tools.codeInterpreter'
    checkToolOptions(options, who, {
      container: optionIs.text,
      fileIds: optionIs.texts,
      memory: optionIs.text,
    })
    // A container that is there has its own files and memory.
    notBoth(options, who, 'container', 'fileIds')
    notBoth(options, who, 'container', 'memory')
    const { container, fileIds, memory } = options
    const fresh = {
      type: 'auto',
      ...(fileIds && { file_ids: fileIds }),
      ...(memory && { memory_limit: memory }),
    }
    return serverTool('code_interpreter', {
      ...{ provider: 'openai', kind: 'codeExecution' },
      definition: { type: 'code_interpreter', container: container ?? fresh },
      body: { include: ['code_interpreter_call.outputs'] },
    })
  },
  /** Draws and changes images; each is an image part of the answer. */
  imageGeneration(options: ImageGenerationOptions = {}): ServerTool<'image_generation'> {
    checkToolOptions(options, 'openai.tools.imageGeneration', {
      model: optionIs.text,
      size: optionIs.text,
      quality: optionIs.text,
      format: optionIs.text,
      background: optionIs.text,
    })
    const { model, size, quality, format, background } = options
    return serverTool('image_generation', {
      ...{ provider: 'openai', kind: 'imageGeneration' },
      definition: { type: 'image_generation', model, size, quality, output_format: format, background },
    })
  },
  /** Tools of a remote MCP server or of a connector, which the service calls. */
  mcp(options: McpOptions): ServerTool {
    const who = 'openai.tools.mcp'
    checkToolOptions<McpOptions>(
      options,
      who,
      {
        name: optionIs.text,
        description: optionIs.text,
        authorizationToken: optionIs.text,
        allowedTools: optionIs.texts,
        url: optionIs.text,
        connector: optionIs.text,
      },
      options?.connector === undefined ? ['name', 'url'] : ['name'],
    )
    notBoth(options, who, 'url', 'connector')
    const { name, description, url, connector, authorizationToken, allowedTools } = options
    return serverTool(`mcp_${name}`, {
      ...{ provider: 'openai', kind: 'mcp' },
      ...(authorizationToken && { secrets: [authorizationToken] }),
      definition: {
        type: 'mcp',
        server_label: name,
        server_description: description,
        server_url: url,
        connector_id: connector,
        authorization: authorizationToken,
        allowed_tools: allowedTools,
        require_approval: 'never',
      },
    })
  },
} as const
