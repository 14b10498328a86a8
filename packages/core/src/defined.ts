// What an object says, without what it says nothing of.

/** The object without its undefined properties. */
export function defined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) if (value !== undefined) kept[name] = value
  return kept as never
}
