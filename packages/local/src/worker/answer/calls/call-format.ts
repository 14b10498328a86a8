// Format of tool calls: what one is written like. One file a format; the model's chat template tells which it is.
import type { TemplateTool } from '../../../supervisor/protocol.js'
import type { SchemaGrammar } from '../../grammar/schema-grammar.js'
import type { Parser, Source } from './source.js'

/** A tool call of the model. */
export interface ParsedCall {
  name: string
  input: unknown
}

/** What a parser of calls needs besides the text. */
export interface CallContext {
  tools: TemplateTool[]
  /** Receives each call as soon as it is complete. */
  onCall(call: ParsedCall): void
}

/** A part of a call's grammar: a literal text, white space, or an expression of the grammar. */
export type GrammarPart = string | { space: string } | { rule: string }

/** Grammar of the text after a sign: one of the first calls, any of the next ones, the end. */
export interface CallGrammar {
  /** One list of parts for each offered tool. */
  first: GrammarPart[][]
  /** Further calls of the same section; empty if each call has a sign of its own. */
  next: GrammarPart[][]
  end: GrammarPart[]
}

export interface CallFormat {
  /** Name of the format in the docs. */
  readonly name: string
  /** Texts that begin calls. */
  readonly signs: readonly string[]
  /** Texts of templates that have the format, and name none of its signs. */
  readonly hints?: readonly string[]
  /** All other texts of the format that may be control tokens. */
  readonly marks: readonly string[]
  /** Texts that end a call: one that cannot be read ends with the first of them. */
  readonly ends: readonly string[]
  /** What a prompt ends with after which the model can only write a call. */
  readonly forced: string
  /** Several calls in a turn are possible. */
  readonly parallel: boolean
  /** Signs count at the start of an answer alone. */
  readonly atStart?: boolean
  /** The sign may also stand in text: no grammar follows it, unless a call is forced. */
  readonly uncertain?: boolean
  /** Whether a text that the format can read is written in its own form: readers take more than models usually write. */
  isUsual(written: string): boolean
  /** Reads one section of calls, after its sign. */
  read(source: Source, sign: string, context: CallContext): Parser<void>
  /** Adds the rules for the offered tools. */
  grammar(rules: SchemaGrammar, tools: TemplateTool[]): CallGrammar
}
