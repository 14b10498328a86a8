// A strict service without sockets: a fetch that gives its answers, for runs of thousands of conversations.
import { hosts } from '../../../packages/testing/src/services/hosts.js'
import type {
  ReceivedRequest,
  ServiceName,
  StrictScript,
  StrictService,
} from '../../../packages/testing/src/services/index.js'
import { strictAnswers } from '../../../packages/testing/src/services/strict-service.js'

const url = 'http://strict.test'

/** The service, and the fetch that reaches it. */
export function inMemory(
  name: ServiceName,
  script: StrictScript,
): { service: StrictService; fetch: typeof fetch } {
  const { answer, refused } = strictAnswers(name, { script })
  const requests: ReceivedRequest[] = []
  const close = async () => {}
  return {
    service: {
      ...{ url, baseURL: `${url}${hosts[name].base ?? '/v1'}`, requests, refused, close },
      [Symbol.asyncDispose]: close,
    },
    fetch: async (input, init) => {
      const asked = new Request(input, init)
      const body = await asked.text()
      const received = {
        ...{
          method: asked.method,
          path: asked.url.slice(url.length),
          headers: Object.fromEntries(asked.headers),
        },
        ...{ body, json: body === '' ? undefined : JSON.parse(body) },
      }
      requests.push(received)
      const { status = 200, headers = {}, body: answered = '' } = answer(received)
      return new Response(answered, { status, headers })
    },
  }
}
