// One server: whose it is, how it is asked, and what it keeps of it.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf, serve } from '../test/wire.js'
import { openai } from './index.js'

describe("OpenAI's own host", () => {
  it.each([
    'api',
    'eu.api',
    'us.api',
    'au.api',
  ])('is %s.openai.com: a key, its own API, its rules of models', async (name) => {
    vi.stubEnv('OPENAI_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const baseURL = `https://${name}.openai.com/v1`
    const asked: string[] = []
    const fetch = async (url: unknown) => {
      asked.push(String(url))
      return Response.json({ id: 'r', model: 'gpt-5', status: 'completed', output: [], usage: {} })
    }
    const options = { baseURL, retry: false, fetch: fetch as typeof globalThis.fetch } as const
    expect(await failureOf(openai('gpt-5', options).chat('x'))).toMatchObject({
      code: 'authentication',
      message: expect.stringMatching(/OpenAI.*OPENAI_API_KEY/),
    })
    expect(asked).toEqual([])
    const own = openai('gpt-5', { ...options, apiKey: 'sk-of-ones-own' })
    await own.chat({ messages: 'x', maxOutputTokens: 9 }).catch(() => {})
    expect(asked).toEqual([`${baseURL}/responses`])
    expect(await own.capabilities()).toMatchObject({ reasoning: true, options: { temperature: false } })
  })

  it.each([
    'api.openai.com.example.org',
    'notapi.openai.com.evil',
    'myapi-openai.com',
  ])('is not %s', async (host) => {
    vi.stubEnv('OPENAI_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const asked: string[] = []
    const fetch = async (url: unknown) => {
      asked.push(String(url))
      return Response.json({})
    }
    const llm = openai('m', {
      baseURL: `https://${host}/v1`,
      retry: false,
      fetch: fetch as typeof globalThis.fetch,
    })
    await failureOf(llm.chat('x'))
    expect(asked[0]).toBe(`https://${host}/v1/chat/completions`)
  })
})

it('the words about what is not there name it: a batch, a file of results, a model', async () => {
  const server = await serve({ status: 404, body: JSON.stringify({ error: { message: 'No such thing' } }) })
  const llm = openai('m', { baseURL: `${server.url}/v1`, apiKey: 'k', retry: false })
  const { status, cancel, submit } = llm.batches
  for (const work of [() => status('b1'), () => cancel('b1')])
    expect(await failureOf(work())).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/No such thing\. Check the id of the batch/),
    })
  expect((await failureOf(submit(['x']))).message).toContain('this server may have no files')
  expect((await failureOf(llm.chat('x'))).message).toContain('Check the name of the model')
})

it('what is kept of a request does not grow with the ids that were asked for', async () => {
  const { default: Client } = await import('openai')
  const made = vi.spyOn(Client.prototype, 'buildRequest')
  onTestFinished(() => made.mockRestore())
  const server = await serve(({ path, method }) => ({
    body: JSON.stringify({ id: path, status: 'in_progress', method }),
    headers: { 'content-type': 'application/json' },
  }))
  const { batches } = openai('m', { baseURL: `${server.url}/v1/`, apiKey: 'k', retry: false })
  for (let id = 0; id < 20; id++) {
    await batches.status(`b/${id}`)
    await batches.cancel(`b/${id}`)
  }
  expect(server.requests.map(({ method, path }) => `${method} ${path}`).slice(-2)).toEqual([
    'GET /v1/batches/b%2F19',
    'POST /v1/batches/b%2F19/cancel',
  ])
  // One a method.
  expect(made).toHaveBeenCalledTimes(2)
})

it.each([
  ['all of what it said', { error: { message: `${'Long. '.repeat(150)}The end.` } }, 'The end.'],
  ['a page', `<html>${'<p>x</p>'.repeat(200)}<b>The end.</b>`, 'The end.'],
])('an error keeps %s, while its message is short', async (_, body, end) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const server = await serve({ status: 400, body: text })
  for (const api of ['chat', 'responses'] as const) {
    const error = await failureOf(
      openai('m', { baseURL: server.url, apiKey: 'k', retry: false, api }).chat('x'),
    )
    expect(error.responseBody).toBe(text)
    expect(error.responseBody).toContain(end)
    expect(error.message.length).toBeLessThan(250)
  }
})
