// Grammar (GBNF) for JSON Schemas. Optional properties may be left out and keep the order of the schema; keywords that a
// grammar cannot enforce are collected in `unenforced`.
import { JobError } from '../failure.js'
import { patternExpression } from './pattern-grammar.js'
import { SchemaRules } from './schema-rules.js'
import { commonRules } from './text-grammar.js'

export class SchemaGrammar {
  /** Keywords that the grammar does not enforce. */
  readonly unenforced = new Set<string>()
  readonly #rules: string[] = []
  #count = 0

  /** `patterns`: whether `pattern` is enforced; the engine cannot handle all of them. */
  constructor(private readonly patterns = true) {}

  /** The grammar enforces a pattern. */
  hasPattern = false

  /**
   * Adds rules for a schema, and returns the name of its rule.
   * @throws {JobError} `unsupported` for a schema without a grammar
   */
  add(schema: unknown): string {
    try {
      const fromPattern = (pattern: string) => {
        const expression = this.patterns ? patternExpression(pattern) : undefined
        this.hasPattern ||= expression !== undefined
        return expression
      }
      return new SchemaRules(schema, (body) => this.rule(body), this.unenforced, fromPattern).of(schema)
    } catch (cause) {
      if (cause instanceof RangeError)
        throw new JobError('unsupported', 'This JSON schema is nested too deeply for a grammar. Simplify it.')
      throw cause
    }
  }

  /** Adds a rule, and returns its name. A recursive one gets its own name as `self`. */
  rule(body: string | ((self: string) => string)): string {
    const name = `r${this.#count++}`
    this.#rules.push(`${name} ::= ${typeof body === 'string' ? body : body(name)}`)
    return name
  }

  /** The whole grammar with this root expression. */
  text(root: string): string {
    const values = Object.entries(commonRules).map(([name, body]) => `${name} ::= ${body}`)
    return [`root ::= ${root}`, ...this.#rules, ...values].join('\n')
  }
}
