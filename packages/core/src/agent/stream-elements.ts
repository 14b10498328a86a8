// A list from any model, element by element: each is given when it is whole and fits.

import { inTime } from '../call/in-time.js'
import { systemClock } from '../contract/clock.js'
import { LlmError } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, JsonSchema, SchemaOutput, StandardSchema } from '../contract/request.js'
import { wrapped } from '../schema/embedding.js'
import { toJsonSchema } from '../schema/schema.js'
import { generate, type ObjectOptions, type ObjectResult } from './generate-object.js'
import { validate } from './structured-output.js'

/** Options of `streamElements`. There is no repair: what was given cannot be taken back. */
export type ElementOptions = Omit<ObjectOptions, 'repairs'>

/** @throws {LlmError} `structured-output` for the first element that does not fit, with its place */
export async function* elements<Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  input: ChatInput,
  options: ElementOptions,
): AsyncGenerator<SchemaOutput<Schema>, ObjectResult<SchemaOutput<Schema>[]>> {
  const list = wrapped(toJsonSchema(schema, 'schema'), '/items', (items) => ({ type: 'array', items }))
  const startedAt = systemClock.now()
  const work = generate(provider, list, input, { ...options, repairs: 0 })
  const given: SchemaOutput<Schema>[] = []
  /** The elements as the model wrote them: one that was already yielded must not change. */
  const written: string[] = []
  let current: unknown
  const misfit = (problem: string) =>
    new LlmError(
      'structured-output',
      `Element ${given.length} of the answer of ${provider.model} (${provider.provider}) does not fit: ${problem}.`,
      { provider: provider.provider, model: provider.model },
    )
  try {
    for (;;) {
      const { done, value } = await work.next()
      const known: unknown = done ? value.object : value
      if (Array.isArray(known)) {
        const begins =
          known === current || written.every((text, index) => text === JSON.stringify(known[index]))
        if (!begins) throw misfit('what came before it is said in another way later')
        current = known
        // The last one may still grow until another begins.
        const whole = done ? known.length : known.length - 1
        while (given.length < whole) {
          const raw: unknown = known[given.length]
          const checked = await inTime(provider, options, { startedAt }, () => validate(schema, raw))
          if ('problem' in checked) throw misfit(checked.problem)
          const element = checked.value as SchemaOutput<Schema>
          given.push(element)
          written.push(JSON.stringify(raw))
          yield element
        }
      }
      if (done) return { ...value, object: given }
    }
  } finally {
    await work.return(undefined as never)
  }
}
