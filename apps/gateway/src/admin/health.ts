// Operation that checks the providers with tiny requests, as `patchbay doctor` does.
import { features } from '@patchbay/config'
import { requestError } from '../answer/http-status.js'
import { operation } from './operation.js'
import * as schema from './schemas.js'

const defaultMaxAge = 60

const finding = schema.closed({ outcome: { enum: ['yes', 'no', 'failed'] }, detail: schema.text }, [
  'outcome',
])

export const healthOperation = operation({
  id: 'getHealth',
  method: 'get',
  path: '/health',
  summary:
    'Checks providers with tiny requests, as `patchbay doctor` does: text, a stream, tools, JSON, vision, embeddings. They count for no key.',
  query: {
    provider: { ...schema.text, description: 'Only this one. Default: all.' },
    maxAge: {
      type: 'string',
      pattern: '^[0-9]{1,6}$',
      description: 'Seconds that an earlier check may be old. Default 60; 0: checks again.',
    },
  },
  answer: schema.list(
    schema.closed(
      {
        name: schema.text,
        provider: schema.text,
        model: schema.text,
        ok: { type: 'boolean', description: 'Whether it answers with text.' },
        at: schema.time,
        ms: schema.count,
        findings: schema.closed(Object.fromEntries(features.map((feature) => [feature, finding]))),
        endOfLife: { ...schema.text, description: 'The last day on which the service serves the model.' },
        problem: { ...schema.text, description: 'Why the provider could not be opened.' },
      },
      ['name', 'ok', 'at', 'ms', 'findings'],
    ),
  ),
  async run({ query: { provider, maxAge = String(defaultMaxAge) }, providers, health }) {
    if (provider !== undefined && !providers.includes(provider))
      throw requestError(
        `provider: there is no provider ${JSON.stringify(provider)}. Use one of ${providers.join(', ')}.`,
        404,
      )
    const names = provider === undefined ? providers : [provider]
    return { data: await Promise.all(names.map((name) => health.of(name, Number(maxAge) * 1000))) }
  },
})
