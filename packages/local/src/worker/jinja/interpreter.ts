// Interpreter of chat templates: the Jinja library's, with what Jinja2 as Hugging Face sets it up does otherwise.
import { escapeHtml, type FilterArguments, filters, markedSafe, markSafe, textFilters } from './filters.js'
import { Environment, Interpreter, type Node, parse, type Scope, tokenize, type Value } from './library.js'
import { textMethods } from './text-methods.js'
import {
  equal,
  functionOf,
  integerKeyed,
  isList,
  isMap,
  isNull,
  isNumber,
  isText,
  isUndefined,
  keysOf,
  type ListValue,
  listOf,
  type MapValue,
  pythonText,
  toValue,
} from './values.js'

interface Literal<T> extends Node {
  value: T
}
interface Call extends Node {
  callee: Literal<string>
  args: (Node & { key?: Literal<string>; value?: Node; argument?: Node })[]
}
interface FilterNode extends Node {
  operand: Node
  filter: Literal<string> | Call
}
interface Binary extends Node {
  operator: { value: string }
  left: Node
  right: Node
}
interface Member extends Node {
  object: Node
  property: Node & { value?: string | number }
  computed: boolean
}
interface Test extends Node {
  operand: Node
  test: Literal<string>
  negate: boolean
}

export class ChatInterpreter extends Interpreter {
  override evaluate(node: Node | undefined, scope: Scope): Value {
    switch (node?.type) {
      case 'ObjectLiteral':
        return this.#object(node as Literal<Map<Node, Node>>, scope)
      case 'TupleLiteral':
        // The library's loops do not unpack its tuples.
        return listOf((node as Literal<Node[]>).value.map((item) => this.evaluate(item, scope)))
      case 'FilterExpression':
        return this.#filter(node as FilterNode, scope)
      case 'BinaryExpression':
        return this.#binary(node as Binary, scope)
      case 'MemberExpression':
        return this.#member(node as Member, scope)
      case 'TestExpression':
        return this.#test(node as Test, scope)
      default:
        return super.evaluate(node, scope)
    }
  }

  #object({ value: entries }: Literal<Map<Node, Node>>, scope: Scope): Value {
    const map = toValue({}) as MapValue
    for (const [keyNode, node] of entries) {
      const key = this.evaluate(keyNode, scope)
      if (isNumber(key)) integerKeyed.add(map)
      map.value.set(pythonText(key), this.evaluate(node, scope))
    }
    return map
  }

  #filter(node: FilterNode, scope: Scope): Value {
    const operand = this.evaluate(node.operand, scope)
    const { filter } = node
    const call = 'args' in filter ? filter : undefined
    const name = call === undefined ? (filter as Literal<string>).value : call.callee.value
    const apply = (
      name: string,
      value: Value,
      args: Omit<FilterArguments, 'apply'>,
      node: FilterNode,
    ): Value =>
      filters[name]?.(value, { ...args, apply: applyByName }) ??
      this.#library(node, textFilters.has(name) ? toValue(pythonText(value)) : value, scope)
    const applyByName = (name: string, value: Value): Value =>
      apply(name, value, { positional: [], named: new Map() }, filterNode(name))
    return apply(name, operand, this.#arguments(call?.args ?? [], scope), node)
  }

  /** The library's filter on a value that is evaluated already. */
  #library(node: FilterNode, operand: Value, scope: Scope): Value {
    const inner = new Environment(scope)
    inner.setVariable('operand', operand)
    return super.evaluate(withFields(node, { operand: identifier }), inner)
  }

  #arguments(args: Call['args'], scope: Scope): Omit<FilterArguments, 'apply'> {
    const named = new Map<string, Value>()
    const positional: Value[] = []
    for (const arg of args) {
      if (arg.type === 'KeywordArgumentExpression')
        named.set((arg.key as Literal<string>).value, this.evaluate(arg.value, scope))
      else if (arg.type !== 'KeywordSpreadExpression' && arg.type !== 'SpreadExpression')
        positional.push(this.evaluate(arg, scope))
    }
    return { positional, named }
  }

  #binary(node: Binary, scope: Scope): Value {
    const operator = node.operator.value
    if (!['==', '!=', 'in', 'not in', '~', '+'].includes(operator)) return super.evaluate(node, scope)
    const left = this.evaluate(node.left, scope)
    const right = this.evaluate(node.right, scope)
    switch (operator) {
      case '==':
        return toValue(equal(left, right))
      case '!=':
        return toValue(!equal(left, right))
      case 'in':
        return toValue(contains(right, left))
      case 'not in':
        return toValue(!contains(right, left))
    }
    if (operator === '~') return toValue(pythonText(left) + pythonText(right))
    if (isText(left) && isText(right)) return sum(left, right)
    if (isList(left) && isList(right)) return listOf([...left.value, ...right.value])
    if (isNumber(left) && isNumber(right)) return toValue(left.value + right.value)
    throw new Error(`${left.type} + ${right.type}: Python has no sum of these`)
  }

  #member(node: Member, scope: Scope): Value {
    if (node.computed && node.property.type === 'SliceExpression') return super.evaluate(node, scope)
    const object = this.evaluate(node.object, scope)
    if (isUndefined(object) || isNull(object)) return toValue(undefined)
    const property = node.computed
      ? this.evaluate(node.property, scope)
      : toValue(node.property.value as string | number)
    if (isUndefined(property)) return toValue(undefined)
    const key = pythonText(property)
    // `x.items` is Python's method even if the map has such a key; `x['items']` is the key.
    const item = itemOf(object, property)
    const method = isText(property) ? methodOf(object, key) : undefined
    return (node.computed ? (item ?? method) : (method ?? item)) ?? toValue(undefined)
  }

  #test(node: Test, scope: Scope): Value {
    const { value: name } = node.test
    if (name !== 'iterable' && name !== 'sequence') return super.evaluate(node, scope)
    const operand = this.evaluate(node.operand, scope)
    const result = isList(operand) || isMap(operand) || isText(operand) || isUndefined(operand)
    return toValue(result !== node.negate)
  }
}

const identifier = expression('operand')

/** The only expression of a template that prints it. */
function expression(source: string): Node {
  return parse(tokenize(`{{ ${source} }}`)).body[0] as Node
}

/** An expression with a filter. */
export function filterNode(name: string, operand: Node = identifier): FilterNode {
  return withFields(expression(`operand | ${name}`) as FilterNode, { operand })
}

function withFields<T extends Node>(node: T, fields: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(node)), node, fields)
}

function contains(all: Value, one: Value): boolean {
  if (isList(all)) return all.value.some((item) => equal(item, one))
  if (isMap(all)) return all.value.has(pythonText(one))
  if (isText(all) && isText(one)) return all.value.includes(one.value)
  if (isUndefined(all)) return false
  throw new Error(`${one.type} in ${all.type}: Python has no such test`)
}

/** Text added to HTML by `+` is escaped. */
function sum(left: Value, right: Value): Value {
  if (!markedSafe.has(left) && !markedSafe.has(right)) return toValue(pythonText(left) + pythonText(right))
  const html = (value: Value) => (markedSafe.has(value) ? pythonText(value) : escapeHtml(pythonText(value)))
  return markSafe(toValue(html(left) + html(right)))
}

function itemOf(object: Value, property: Value): Value | undefined {
  if (object.value instanceof Map) return (object.value as Map<string, Value>).get(pythonText(property))
  if (!isNumber(property)) return undefined
  if (isList(object)) return object.value.at(property.value)
  if (!isText(object)) return undefined
  const character = [...object.value].at(property.value)
  return character === undefined ? undefined : toValue(character)
}

function methodOf(object: Value, name: string): Value | undefined {
  if (isText(object) && Object.hasOwn(textMethods, name))
    return functionOf((args) => textMethods[name]?.(object.value, args) ?? toValue(undefined))
  if (isMap(object))
    switch (name) {
      case 'get':
        return functionOf(
          ([key = toValue(undefined), otherwise = toValue(null)]) =>
            object.value.get(pythonText(key)) ?? otherwise,
        )
      case 'items':
        return functionOf(() =>
          listOf(keysOf(object).map((key) => listOf([key, object.value.get(pythonText(key)) ?? key]))),
        )
      case 'keys':
        return functionOf(() => listOf(keysOf(object)))
      case 'values':
        return functionOf(() => listOf([...object.value.values()]))
      default:
        return undefined
    }
  if (isList(object)) return listMethod(object, name)
  return object.builtins.get(name)
}

function listMethod(list: ListValue, name: string): Value | undefined {
  // Jinja2's sandbox refuses these; llama.cpp's engine has them, and some templates need them.
  if (name === 'append')
    return functionOf(([item]) => {
      if (item !== undefined) list.value.push(item)
      return toValue(null)
    })
  if (name === 'pop') return functionOf(() => list.value.pop() ?? toValue(undefined))
  return list.builtins.get(name)
}
