// The arguments of a tool call, which come as text.

/** The parsed arguments: `{}` for none; marked, not thrown away, when they are not JSON. */
export function parseInput(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    return JSON.parse(json) ?? {}
  } catch {
    return { $unparsed: json }
  }
}
