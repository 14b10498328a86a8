// Server tools: tools that a service defines and, but for a few, runs itself. Each maker's package makes them: `claude.tools`.

/**
 * What a server tool does, the same word at every maker. `'computer'` is defined by the service and run by the app: its calls come as
 * `tool-call` events, like those of any tool.
 */
export type ServerToolKind =
  | 'webSearch'
  | 'webFetch'
  | 'codeExecution'
  | 'fileSearch'
  | 'imageGeneration'
  | 'mcp'
  | 'maps'
  | 'computer'

/** A server tool as capabilities and errors name it, by its maker and its kind: `'claude.webSearch'`. */
export type ServerToolName = `${string}.${ServerToolKind}`

/** The service's side of a server tool. */
export interface ServerToolDefinition {
  /** The provider whose tool it is: `'claude'`. */
  readonly provider: string
  readonly kind: ServerToolKind
  /** The tool as the service's API has it. */
  readonly definition: Readonly<Record<string, unknown>>
  /** The most calls of it in one request, as the definition tells the service. Absent: no limit is known. */
  readonly maxUses?: number | undefined
  /** Left out with a warning where the model does not have it. Default false: the call fails with `unsupported`. */
  readonly isOptional?: boolean | undefined
  /** Texts of the definition that no error may repeat: tokens for other services. */
  readonly secrets?: readonly string[] | undefined
  /** Other fields of the body that the tool needs; lists of several tools are joined. */
  readonly body?: Readonly<Record<string, readonly unknown[]>>
}
