// Streams that are taken up again at servers that misbehave: each event counts once, attempts end, and no token is repeated.
import type { Clock } from '@patchbay/core'
import { faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { json, sse } from '../../test/server.js'
import { failureOf } from '../../test/wire.js'
import { openai } from '../index.js'

const response = { id: 'resp_1', model: 'm', status: 'in_progress', output: [] }
const item = { type: 'message', id: 'msg_1', role: 'assistant', content: [] }
const delta = (text: string) => ({
  type: 'response.output_text.delta',
  output_index: 0,
  item_id: 'msg_1',
  delta: text,
})
const events = [
  { type: 'response.created', response },
  { type: 'response.output_item.added', output_index: 0, item },
  delta('Hello '),
  delta('world'),
  delta('!'),
  {
    type: 'response.output_item.done',
    output_index: 0,
    item: { ...item, content: [{ type: 'output_text', text: 'Hello world!', annotations: [] }] },
  },
  { type: 'response.completed', response: { ...response, status: 'completed' } },
].map((event, sequence_number) => ({ ...event, sequence_number }))

/** A client whose pauses between connections take no time. */
async function resumed(answer: (request: ReceivedRequest) => ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  const clock: Clock = {
    now: () => Date.now(),
    timer: (ms, callback) => {
      const handle = setTimeout(callback, ms > 10_000 ? ms : 0)
      return () => clearTimeout(handle)
    },
  }
  const baseURL = `${server.url}/v1`
  const options = { apiKey: 'k', baseURL, preset: 'openai', resume: true, retry: false, clock } as const
  const llm = openai('gpt-5.6-sol', options)
  onTestFinished(() => llm.close())
  return { server, llm }
}
const reads = (requests: readonly ReceivedRequest[]) => requests.filter(({ method }) => method === 'GET')

it('a server that sends the events from the beginning again doubles nothing', async () => {
  const { server, llm } = await resumed(({ method }) =>
    method === 'POST' ? sse(events.slice(0, 3)) : sse(events),
  )
  const { text } = await llm.stream('Hi').response()
  expect(text).toBe('Hello world!')
  expect(reads(server.requests)).toMatchObject([
    { path: '/v1/responses/resp_1?stream=true&starting_after=2' },
  ])
})

it.each([
  ['old events', () => sse(events.slice(1, 2))],
  ['JSON', () => json({ ...response })],
  ['events without a number', () => sse([{ type: 'response.in_progress', response }])],
])('ends if all that comes is %s', async (_, again) => {
  const { server, llm } = await resumed(({ method }) =>
    method === 'POST' ? sse(events.slice(0, 3)) : again(),
  )
  expect(await failureOf(llm.stream('Hi').response())).toMatchObject({ code: 'bad-response' })
  expect(reads(server.requests)).toHaveLength(5)
})

it('no error after a lost connection repeats the token for an MCP server', async () => {
  const secret = 'wiki-Token_of-mine'
  const { llm } = await resumed(({ method }) =>
    method === 'POST'
      ? sse(events.slice(0, 3))
      : sse([{ type: 'error', sequence_number: 3, message: `The token ${secret} is not valid` }]),
  )
  const wiki = openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  const failure = await failureOf(llm.stream({ messages: 'Hi', tools: [wiki] }).response())
  expect(failure.message).toContain('is not valid')
  expect(failure.message).not.toContain(secret)
})

it('an id that is no name of a resource is not put into an address', async () => {
  const odd = events.slice(0, 3).map((event) => ({
    ...event,
    ...('response' in event && { response: { ...event.response, id: '..' } }),
  }))
  const { server, llm } = await resumed(() => sse(odd))
  expect(await failureOf(llm.stream('Hi').response())).toMatchObject({ code: 'bad-response' })
  await llm.close()
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/responses'])
})
