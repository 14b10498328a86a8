// The OpenAPI document: valid by the specification's own schema, and true of each route.
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { adminWorld } from '../../test/admin-world.js'

interface Described {
  operationId: string
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { content: Record<string, { schema: object }> }>
}

interface Document {
  paths: Record<string, Record<string, Described>>
  components: object
}

it('is valid OpenAPI 3.1, and names each operation once', async () => {
  const { admin } = await adminWorld()
  const { status, body } = await admin('GET', '/openapi.json')
  expect(status).toBe(200)
  expect(await new Validator().validate(body)).toEqual({ valid: true })
  const ids = Object.values((body as Document).paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toContain('getSpend')
})

describe('each operation', () => {
  it('exists, answers as its schema says, and no other method does', async () => {
    const { admin, ask, written } = await adminWorld()
    const document: Document = (await admin('GET', '/openapi.json')).body
    const bodies: Record<string, object> = {
      createKey: {
        name: 'ann',
        team: 'red',
        providers: ['default'],
        limit: { requestsPerMinute: 10 },
        budget: [{ per: 'month', usd: 5 }],
        expires: '2100-01-01T00:00:00Z',
      },
      createTeam: { name: 'red', budget: [{ per: 'day', tokens: 1e6 }] },
      changeKey: { team: null, providers: null, budget: null },
      changeTeam: { providers: ['default'], budget: null },
      rotateKey: { overlap: 1000 },
    }
    const order = ['createTeam', 'createKey', 'changeKey', 'changeTeam', 'rotateKey']
    const last = ['deleteKey', 'deleteTeam']
    const rank = (id: string) => (last.includes(id) ? 100 : order.includes(id) ? order.indexOf(id) : 50)
    const all = Object.entries(document.paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, described]) => ({
          path,
          method: method.toUpperCase(),
          ...described,
        })),
      )
      .sort((one, other) => rank(one.operationId) - rank(other.operationId))
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const { path, method, operationId, responses, requestBody, parameters = [] } of all) {
      if (operationId === 'listRequests') {
        await ask((await admin('POST', '/keys', { name: 'asks' })).body.key)
        await written()
      }
      const name = path.includes('/teams') ? 'red' : 'ann'
      const query = parameters.some((one) => one.name === 'by') ? '?by=key,team,model,provider,day' : ''
      const address = `${path.slice('/admin'.length).replace('{name}', name)}${query}`
      const body = bodies[operationId]
      const answer = await admin(method, address, body)
      const [status, described] = Object.entries(responses).find(([one]) => one.startsWith('2')) ?? []
      expect([operationId, String(answer.status), answer.text]).toEqual([
        operationId,
        status,
        expect.any(String),
      ])
      const schema = described?.content['application/json']?.schema ?? false
      const validate = ajv.compile(schema as object)
      expect([operationId, validate(answer.body), validate.errors]).toEqual([operationId, true, null])
      // What is asked is what the document says, too.
      const asked = requestBody?.content['application/json']?.schema
      expect(asked === undefined).toBe(body === undefined)
      if (asked !== undefined) expect(ajv.compile(asked)(body)).toBe(true)
    }
    for (const [path, methods] of Object.entries(document.paths))
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'PUT'])
        if (methods[method.toLowerCase()] === undefined)
          expect([
            path,
            method,
            (await admin(method, path.slice('/admin'.length).replace('{name}', 'x'))).status,
          ]).toEqual([path, method, 404])
  })
})
