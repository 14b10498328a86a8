// Keys, tokens and passwords of a request are in no error, log or stack, wherever and however the service or the platform
// repeats them.
import { inspect } from 'node:util'
import { isLlmError, type Provider } from '@patchbay/core'
import { describe, expect, it, vi } from 'vitest'
import type { ServedResponse } from '../../../packages/testing/src/fault-server.js'
import { type Options, type Remote, remotes, serve, thrownBy } from './backends.js'

const secret = 'sk-live/0123+45"67=89'
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** How a secret gets into a request. */
const ways: Record<string, (url: string) => Options> = {
  'the key': (baseURL) => ({ baseURL, apiKey: secret }),
  'a header of the provider': (baseURL) => ({ baseURL, headers: { 'x-tenant-pass': secret } }),
  'a header whose name says nothing': (baseURL) => ({ baseURL, headers: { 'x-acme': secret } }),
  'a scheme of its own': (baseURL) => ({ baseURL, headers: { authorization: `Acme-V1 ${secret}` } }),
  'a cookie': (baseURL) => ({ baseURL, headers: { cookie: `a=b; sid=${secret}` } }),
  'a password in the address': (url) => ({
    baseURL: url.replace('//', `//user:${encodeURIComponent(secret)}@`),
  }),
  'the query of the address': (url) => ({ baseURL: `${url}?api-key=${encodeURIComponent(secret)}` }),
}

/** How it comes back. */
const forms: Record<string, string> = {
  raw: secret,
  'in an address': encodeURIComponent(secret),
  'in an address, small letters': encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'in JSON in JSON': JSON.stringify(secret).slice(1, -1),
  'in JSON of PHP': secret.replaceAll('/', '\\/'),
  'in base64': base64(secret),
  'as basic authentication': base64(`user:${secret}`),
  // Our messages are short: they end somewhere in the middle of it.
  ...Object.fromEntries(
    [60, 75, 90, 95, 98, 100, 103].map((at) => [`cut short after ${at}`, `${'.'.repeat(at)} ${secret}`]),
  ),
}

/** What may stand nowhere: any spelling of it, or its beginning. */
const leaks = [
  /sk-live(\\*\/|%2f)0123/i,
  new RegExp(base64(secret).slice(0, 20)),
  new RegExp(base64(`user:${secret}`).slice(0, 26)),
]

type Fail = (remote: Remote, echo: string, make: (options: Partial<Options>) => Provider) => Promise<unknown>

/** Where it comes back. */
const places: Record<
  string,
  { answer: (remote: Remote, echo: string, path: string) => ServedResponse; fail?: Fail }
> = {
  'a refusal': {
    answer: (remote, echo) => ({ status: 400, body: JSON.stringify(remote.refusal(echo)) }),
  },
  'a page of a proxy': { answer: (_, echo) => ({ status: 502, body: `<html>${echo}</html>` }) },
  'a page with status 200': {
    answer: (_, echo) => ({ body: `Log in: ${echo}`, headers: { 'content-type': 'application/json' } }),
  },
  'a redirect': { answer: (_, echo) => ({ status: 302, body: echo, headers: { 'x-request-id': echo } }) },
  'the first event': { answer: (remote, echo) => remote.broken(echo, false) },
  'an event after the answer has begun': { answer: (remote, echo) => remote.broken(echo, true) },
  'an answer in one piece': { answer: (remote, echo) => remote.failedWhole(echo) },
  'a line that is not JSON': {
    answer: (remote, echo) => ({
      headers: { 'content-type': remote.answer.headers?.['content-type'] ?? '' },
      body: `data: {"oops ${echo}\n\n`,
    }),
  },
  'an error of the platform': {
    answer: () => ({}),
    fail: (_, echo, make) => {
      const request = { headers: new Headers({ 'x-echo': echo }), url: `http://h/?q=${echo}` }
      const cause = Object.assign(new Error(`connect failed for ${echo}`), {
        code: 'ECONNREFUSED',
        config: { headers: { Authorization: `Bearer ${echo}` } },
        request,
        again: undefined as unknown,
      })
      cause.again = cause
      const broken = new AggregateError([cause], `all failed: ${echo}`, { cause: request })
      const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: broken }))
      return thrownBy(make({ fetch }).chat('Hi'))
    },
  },
  'a line of a batch': {
    answer: (remote, echo, path) => remote.batch?.(echo, path) ?? {},
    fail: async (remote, echo, make) => {
      if (remote.batch === undefined) return new Error(`no batches: ${echo}`)
      for await (const { error } of make({}).batches.results('b')) return error
      return undefined
    },
  },
}

/** All that may be shown of an error. */
function shown(error: unknown): string {
  const { message, stack, cause } = error as Error
  return [message, stack, String(error), JSON.stringify(error), String(cause), JSON.stringify(cause)]
    .concat(inspect(error, { depth: 20, showHidden: true, getters: true, maxStringLength: null }))
    .join('\n')
}

describe.each(Object.entries(remotes))('%s', (_, remote) => {
  describe.each(Object.entries(places))('in %s', (_, { answer, fail }) => {
    it.each(Object.keys(ways))('%s is taken out, in each of its forms', async (way) => {
      let echo = ''
      const server = await serve(({ path }) => answer(remote, `Received ${echo}`, path.split('?')[0] ?? ''))
      const make = (options: Partial<Options>) =>
        remote.make({ retry: false, ...ways[way]?.(server.url), ...options } as Options)
      for (const [form, value] of Object.entries(forms)) {
        echo = value
        const error = await (
          fail ?? ((_, __, made) => thrownBy(made({}).chat({ messages: 'Hi', maxOutputTokens: 20 })))
        )(remote, `Received ${echo}`, make)
        if (!isLlmError(error)) {
          // Ollama has no batches.
          expect(remote.batch).toBeUndefined()
          continue
        }
        // A user and a password are only put together where an address has both.
        for (const leak of leaks)
          if (way === 'a password in the address' || leak !== leaks[2])
            expect(shown(error), form).not.toMatch(leak)
        // What stood around it is still there.
        expect(shown(error), form).toMatch(/Received|Log in|oops|302/)
      }
    })
  })

  it('messages about retries and invalid addresses do not contain it', async () => {
    const server = await serve({ status: 503, body: `Busy for ${secret}` })
    const said: string[] = []
    const llm = remote.make({ baseURL: server.url, apiKey: secret, retry: { retries: 1, baseDelay: 1 } })
    const error = await thrownBy(llm.chat('Hi', { onStatus: (event) => said.push(JSON.stringify(event)) }))
    expect(said.join()).toContain('Busy for …')
    expect(said.join() + shown(error)).not.toContain(secret.slice(0, 12))
    for (const baseURL of [`http://user:${secret}@`, `http://user:hunter2@host:port/?key=${secret}`]) {
      const refused = (() => {
        try {
          return remote.make({ baseURL })
        } catch (thrown) {
          return thrown
        }
      })()
      expect(refused).toMatchObject({ code: 'config', message: expect.stringContaining('baseURL') })
      expect(shown(refused)).not.toMatch(/sk-live|hunter2/)
    }
  })

  it('a password in an address works as one, and a query goes with every request', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-of-the-environment')
    const server = await serve(remote.answer)
    const address = server.url.replace('//', '//user:p%40ss@')
    const llm = remote.make({ baseURL: `${address}/base?api-version=7`, retry: false })
    expect((await llm.chat('Hi')).text).toBe('Half')
    vi.unstubAllEnvs()
    const { path = '', headers } = server.requests[0] ?? {}
    expect(path).toMatch(/^\/base\/.*[?&]api-version=7$/)
    expect(headers?.authorization).toBe(`Basic ${base64('user:p@ss')}`)
  })
})

it('a password beside a key, which one header would have to hold, is refused', () => {
  for (const name of ['chat', 'responses', 'ollama'] as const)
    expect(() => remotes[name].make({ baseURL: 'http://user:word@h/v1', apiKey: 'sk-12345678' })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('only one of them') }),
    )
})
