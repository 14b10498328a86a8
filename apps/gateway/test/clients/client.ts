// Interface of a client under test, and the tasks it is given.

/** What a client got. */
export interface Told {
  text: string
  inputTokens: number
  outputTokens: number
}

/** What every app does. */
export interface Client {
  ask(model: string, question: string): Promise<Told>
  /** The pieces, as they came. */
  stream(model: string, question: string): Promise<string[]>
  /** A question that needs the weather: a call, its result, an answer. */
  tool(model: string, question: string): Promise<{ input: unknown; text: string }>
  /** An answer in JSON, by a schema. */
  object(model: string, question: string): Promise<unknown>
  /** A question about an image, and what was thought before the answer, where the client has a word for that. */
  see(model: string, png: string): Promise<{ text: string; reasoning?: string }>
  /** Leaves after the first piece. */
  leave(model: string, question: string): Promise<void>
}

export const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, description: 'The city' } },
  required: ['city'],
}
export const weather = { name: 'get_weather', description: 'Get the current weather for a city' }
export const result = JSON.stringify({ temperature: 21, condition: 'sunny' })
export const person = {
  type: 'object' as const,
  properties: { name: { type: 'string' as const }, age: { type: 'integer' as const } },
  required: ['name', 'age'],
  additionalProperties: false,
}

export async function pieces<T>(
  events: AsyncIterable<T>,
  textOf: (event: T) => string | undefined | null,
): Promise<string[]> {
  const all: string[] = []
  for await (const event of events) {
    const text = textOf(event)
    if (text) all.push(text)
  }
  return all
}
