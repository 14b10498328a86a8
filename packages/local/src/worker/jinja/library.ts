// Types of the Jinja library's public parts: its own type files do not resolve in Node's module resolution.
import * as library from '@huggingface/jinja'

/** A node of a parsed template. */
export interface Node {
  type: string
}

/** A value of a template: `value` is a plain one, a list or map of values, or a function. */
export interface Value {
  readonly type: string
  value: unknown
  readonly builtins: ReadonlyMap<string, Value>
}

/** Variables of a template, and of the blocks around this one. */
export interface Scope {
  variables: Map<string, Value>
  /** Declares a variable with a plain value. */
  set(name: string, value: unknown): Value
  setVariable(name: string, value: Value): Value
}

interface JinjaLibrary {
  Environment: new (parent?: Scope) => Scope
  Interpreter: new (
    scope: Scope,
  ) => { run(program: Node): Value; evaluate(node: Node | undefined, scope: Scope): Value }
  parse(tokens: unknown): Node & { body: Node[] }
  tokenize(source: string, options?: { lstrip_blocks?: boolean; trim_blocks?: boolean }): unknown
}

export const { Environment, Interpreter, parse, tokenize }: JinjaLibrary = library
