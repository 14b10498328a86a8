// Generates a list with any model, and yields each element when it is complete and valid.

import { inTime } from '../call/in-time.js'
import { systemClock } from '../contract/clock.js'
import { LlmError } from '../contract/errors.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput } from '../contract/request.js'
import type { JsonSchema, SchemaOutput, StandardSchema } from '../contract/schema.js'
import { checkCallOptionNames } from '../request/request-names.js'
import { convertible } from '../schema/converter.js'
import { embedSchema } from '../schema/embedding.js'
import { toJsonSchema } from '../schema/schema.js'
import { generateValue, type ObjectOptions, type ObjectResult } from './generate-object.js'
import { asOwnValue } from './own-values.js'
import { validate } from './structured-output.js'

/** Options of `streamElements`. There are no repairs, since elements that were read cannot be taken back. */
export type ElementOptions = Omit<ObjectOptions, 'repairs'>

/**
 * Yields the elements, and returns all of them.
 * @throws {LlmError} `structured-output` for the first element that does not fit, with its index
 */
export async function* generateElements<Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  input: ChatInput,
  options: ElementOptions,
  leaving: AbortSignal,
): AsyncGenerator<SchemaOutput<Schema>, ObjectResult<SchemaOutput<Schema>[]>> {
  checkCallOptionNames(options, 'of streamElements()', ['name'])
  const list = embedSchema(toJsonSchema(await convertible(schema), 'schema'), '/items', (items) => ({
    type: 'array',
    items,
  }))
  const startedAt = systemClock.now()
  const work = generateValue(provider, list, input, { ...options, repairs: 0 }, leaving)
  const elements: SchemaOutput<Schema>[] = []
  /** The elements as the model wrote them: one that was yielded must not change. */
  const raws: string[] = []
  let current: readonly unknown[] = []
  const misfit = (problem: string) =>
    new LlmError(
      'structured-output',
      `Element ${elements.length} of the answer of ${provider.model} (${provider.provider}) does not fit: ${problem}.`,
      { provider: provider.provider, model: provider.model },
    )
  try {
    for (;;) {
      const { done, value } = await work.next()
      const known: unknown = done ? value.object : value
      if (Array.isArray(known)) {
        const isContinuation = raws.every(
          (text, index) => known[index] === current[index] || text === JSON.stringify(known[index]),
        )
        if (!isContinuation) throw misfit('the elements before it were changed later')
        current = known
        // The last element may still grow until another begins.
        const whole = done ? known.length : known.length - 1
        while (elements.length < whole) {
          const raw: unknown = known[elements.length]
          const checked = await inTime(provider, options, { startedAt }, () => validate(schema, raw))
          if ('problem' in checked) throw misfit(checked.problem)
          const element = checked.value as SchemaOutput<Schema>
          elements.push(element)
          raws.push(JSON.stringify(raw))
          yield asOwnValue(element)
        }
      }
      if (done) return { ...value, object: elements }
    }
  } finally {
    await work.return(undefined as never)
  }
}
