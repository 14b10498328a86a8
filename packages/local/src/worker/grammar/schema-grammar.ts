// Grammar (GBNF) for JSON Schemas. Optional properties may be left out, and a few keep no order; keywords that a
// grammar cannot enforce are collected in `unenforced`.
import { JobError } from '../failure.js'
import { patternExpression } from './pattern-grammar.js'
import { SchemaRules } from './schema-rules.js'
import { commonRules, literal } from './text-grammar.js'
import { textUntil } from './text-until.js'

export class SchemaGrammar {
  /** Keywords that the grammar does not enforce. */
  readonly unenforced = new Set<string>()
  readonly #rules: string[] = []
  #count = 0
  readonly #texts = new Map<string, string>()

  /** `patterns`: whether `pattern` is enforced; the engine cannot handle all of them. */
  constructor(private readonly patterns = true) {}

  /** The grammar enforces a pattern. */
  hasPattern = false

  /**
   * Adds rules for a schema, and returns the name of its rule.
   * @throws {JobError} `unsupported` for a schema without a grammar
   */
  add(schema: unknown): string {
    return this.#rulesOf(schema, (rules) => rules.of(schema))
  }

  /**
   * Adds rules for the arguments of a call: `form` writes one of them, with its key, its schema, and the expression for its
   * value as JSON.
   * @throws {JobError} `unsupported` for a schema without a grammar
   */
  members(
    schema: unknown,
    form: (key: string, schema: unknown, json: string) => string,
    separator: string,
  ): string {
    return this.#rulesOf(schema, (rules) => rules.members(form, separator))
  }

  /** The expression for a bare text of a schema that takes only texts, which ends before a mark. */
  bareText(schema: unknown, mark: string): string {
    const { enum: values, const: constant } = (schema ?? {}) as { enum?: unknown; const?: unknown }
    const choices = typeof constant === 'string' ? [constant] : values
    if (Array.isArray(choices)) return `(${choices.map((choice) => literal(String(choice))).join(' | ')})`
    for (const key of ['pattern', 'format', 'minLength', 'maxLength'])
      if (Object.hasOwn((schema ?? {}) as object, key)) this.unenforced.add(key)
    return this.textUntil(mark)
  }

  /** The expression for a text that does not contain a mark. */
  textUntil(mark: string): string {
    const known = this.#texts.get(mark)
    if (known !== undefined) return known
    const name = textUntil(mark, `until${this.#texts.size}`, (name, body) => this.addRule(name, body))
    this.#texts.set(mark, name)
    return name
  }

  /** Adds a rule with a name of its own. */
  addRule(name: string, body: string): void {
    this.#rules.push(`${name} ::= ${body}`)
  }

  #rulesOf<T>(schema: unknown, use: (rules: SchemaRules) => T): T {
    try {
      const fromPattern = (pattern: string) => {
        const expression = this.patterns ? patternExpression(pattern) : undefined
        this.hasPattern ||= expression !== undefined
        return expression
      }
      return use(new SchemaRules(schema, (body) => this.rule(body), this.unenforced, fromPattern))
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
