// `${NAME}` and `${NAME:-otherwise}` in the texts of a configuration.
import { wrong } from './failure.js'

/** @throws {LlmError} `config` for a variable that is not set, by its name */
export function interpolated<T>(value: T, where: string): T {
  return visit(value, where) as T
}

function visit(value: unknown, where: string): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, otherwise: string | undefined) => {
      const found = process.env[name] || otherwise
      if (found === undefined) throw wrong(`${where}: the variable ${name} is not set.`)
      return found
    })
  if (Array.isArray(value)) return value.map((item, index) => visit(item, `${where}[${index}]`))
  // Only what a file can hold: functions and instances come from modules, and are nobody's text.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, `${where}.${key}`)]))
}
