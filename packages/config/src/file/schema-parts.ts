// Parts that the schemas of a configuration share.
import type { JsonSchema } from '@patchbay/core'

/** The schema of an object that has named options. */
export type ObjectSchema = JsonSchema & {
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

export const text = { type: 'string' }

export const number = { type: 'number' }

export const whole = (minimum: number) => ({ type: 'integer', minimum })

export const map = (additionalProperties: JsonSchema) => ({ type: 'object', additionalProperties })

export const numbers = (...names: string[]) => ({
  properties: Object.fromEntries(names.map((name) => [name, { type: 'number', minimum: 0 }])),
  additionalProperties: false,
})

export const requires = {
  type: 'array',
  items: { enum: ['tools', 'vision', 'files', 'audio', 'json', 'reasoning', 'embed'] },
  description: 'Required features; checked before the first call.',
}

export const names = { type: 'array', items: text }
