// The OpenAPI document of the admin interface, made of its operations.
import type { JsonSchema } from '@patchbay/core'
import type { Operation } from './operation.js'
import { closed, name, text } from './schemas.js'

const errorSchema = closed(
  {
    error: {
      type: 'object',
      properties: { message: text, code: { type: ['string', 'null'] } },
      required: ['message'],
    },
  },
  ['error'],
)

const json = (schema: JsonSchema) => ({ 'application/json': { schema } })

const failure = (description: string) => ({
  description,
  content: json({ $ref: '#/components/schemas/Error' }),
})

/** The document, in OpenAPI 3.1. */
export function openApiDocument(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const one of operations) {
    const path = `/admin${one.path}`
    paths[path] = { ...paths[path], [one.method]: toOperation(one) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Patchbay gateway: admin interface',
      version: '1',
      description: 'Keys, teams, spend and requests of a Patchbay gateway.',
    },
    security: [{ adminKey: [] }],
    paths,
    components: {
      securitySchemes: {
        adminKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'PATCHBAY_ADMIN_KEY, or a key of gateway.admins.',
        },
      },
      schemas: { Error: errorSchema },
    },
  }
}

function toOperation({ id, path, summary, query = {}, body, status = 200, answer, csv }: Operation): object {
  const inPath = path.includes('{name}') ? [{ name: 'name', in: 'path', required: true, schema: name }] : []
  const inQuery = Object.entries(query).map(([parameter, { description, ...schema }]) => ({
    name: parameter,
    in: 'query',
    ...(typeof description === 'string' && { description }),
    schema,
  }))
  const parameters = [...inPath, ...inQuery]
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: json(body) } }),
    responses: {
      [status]: {
        description: 'Done.',
        content: { ...json(answer), ...(csv && { 'text/csv': { schema: text } }) },
      },
      400: failure('The request is wrong.'),
      401: failure('There is no admin key, or it is wrong.'),
      ...(inPath.length > 0 && { 404: failure('There is nothing of this name.') }),
      ...(body !== undefined && { 409: failure('The name is taken, or belongs to the configuration.') }),
      429: failure('There were too many wrong admin keys.'),
      503: failure('The database cannot be reached.'),
    },
  }
}
