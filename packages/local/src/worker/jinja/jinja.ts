// Chat templates in Jinja, rendered as the reference does: Jinja2 with the settings of Hugging Face Transformers.
import { ChatInterpreter, filterNode } from './interpreter.js'
import { Environment, type Node, parse, tokenize, type Value } from './library.js'
import { functionOf, pythonText, toValue } from './values.js'

/** The template itself refuses a conversation (`raise_exception`). All other errors are gaps of the engine or of the template. */
export class TemplateRefusal extends Error {}

const globals: Record<string, Value> = {
  ...Object.fromEntries(['true', 'True'].map((name) => [name, toValue(true)])),
  ...Object.fromEntries(['false', 'False'].map((name) => [name, toValue(false)])),
  ...Object.fromEntries(['none', 'None'].map((name) => [name, toValue(null)])),
  raise_exception: functionOf(([message]) => {
    throw new TemplateRefusal(message === undefined ? '' : pythonText(message))
  }),
  range: functionOf((args) => {
    const [first = 0, second, step = 1] = args.map(({ value }) => Number(value))
    const [start, stop] = second === undefined ? [0, first] : [first, second]
    const length = step === 0 ? 0 : Math.max(0, Math.ceil((stop - start) / step))
    return toValue(Array.from({ length }, (_, index) => start + index * step))
  }),
  strftime_now: functionOf(([format]) =>
    toValue(formatTime(new Date(), format === undefined ? '' : pythonText(format))),
  ),
}

export class JinjaTemplate {
  readonly #program: ReturnType<typeof parse>

  /** @throws {Error} for a template that cannot be parsed */
  constructor(source: string) {
    this.#program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }))
    printAsPython(this.#program)
  }

  /**
   * The text for these variables.
   * @throws {TemplateRefusal} if the template refuses them
   */
  render(variables: Record<string, unknown>): string {
    const environment = new Environment()
    for (const [name, value] of Object.entries(globals)) environment.setVariable(name, value)
    for (const [name, value] of Object.entries(variables)) environment.setVariable(name, toValue(value))
    return String(new ChatInterpreter(environment).run(this.#program).value)
  }
}

const blocks = ['body', 'alternate', 'defaultBlock'] as const
const statements = new Set(
  'Program If For Break Continue Set Macro Comment FilterStatement CallStatement StringLiteral'.split(' '),
)

interface Block extends Node {
  body?: Node[]
  alternate?: Node[]
  defaultBlock?: Node[]
  iterable?: Node & { lhs?: Node }
}

/** Every printed expression gets the filter `string`, and every loop goes over a `list`: as in Python, whatever its type is. */
function printAsPython(node: Block): void {
  if (node.iterable?.lhs !== undefined && node.iterable.type === 'SelectExpression')
    node.iterable.lhs = filterNode('list', node.iterable.lhs)
  else if (node.iterable !== undefined) node.iterable = filterNode('list', node.iterable)
  for (const field of blocks) {
    const block = node[field]
    for (const [index, child] of block?.entries() ?? []) {
      if (!statements.has(child.type)) (block as Node[])[index] = filterNode('string', child)
      printAsPython(child)
    }
  }
}

/** `strftime`, in English whatever the machine's language is. */
function formatTime(date: Date, format: string): string {
  const name = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', options).format(date)
  const two = (number: number) => String(number).padStart(2, '0')
  const fields: Record<string, () => string> = {
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    m: () => two(date.getMonth() + 1),
    d: () => two(date.getDate()),
    b: () => name({ month: 'short' }),
    B: () => name({ month: 'long' }),
    a: () => name({ weekday: 'short' }),
    A: () => name({ weekday: 'long' }),
    H: () => two(date.getHours()),
    I: () => two(date.getHours() % 12 || 12),
    p: () => (date.getHours() < 12 ? 'AM' : 'PM'),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    '%': () => '%',
  }
  return format.replace(/%(.)/g, (match, field: string) => fields[field]?.() ?? match)
}
