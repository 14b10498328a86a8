// Items of the Responses API: sent back to the host that made them, with their reasoning, and to no other.
import { describe, expect, it } from 'vitest'
import { sse } from '../../test/server.js'
import { type Events, type Json, result, service } from '../../test/service.js'
import { completed, created, serve } from '../../test/wire.js'
import { openai } from '../index.js'

describe('items of the Responses API', () => {
  const responses = { api: 'responses', model: 'gpt-5.4' } as const
  const ended = (output: Json[], more: Json = {}): Events => [created, completed({ output, ...more })]
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'ENC' }
  const message = (id: string) => ({
    type: 'message',
    id,
    role: 'assistant',
    content: [{ type: 'output_text', text: 'noon', annotations: [] }],
  })
  const functionCall = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'clock',
    arguments: '{}',
  }

  it('go back to their host, and elsewhere only as what was said', async () => {
    const own = await service(responses, ended([reasoning, message('msg_1'), functionCall]))
    const first = await own.say(['x'])
    await own.say(['x', first, result()])
    expect(own.sent().slice(1, 4)).toMatchObject([reasoning, { id: 'msg_1' }, { id: 'fc_1' }])
    const azure = await service({ ...responses, preset: 'azure' }, ended([message('msg_2')]))
    await azure.say(['x', first, result()])
    expect(azure.sent().slice(1)).toEqual([
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'noon', annotations: [] }],
      },
      { type: 'function_call', call_id: 'call_1', name: 'clock', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: '12:00' },
    ])
  })

  it.each([
    ['gpt-4o', false],
    ['gpt-4.1-mini', false],
    ['gpt-5-chat-latest', false],
    ['ft:gpt-4o:me', false],
    ['gpt-5', true],
    ['o4-mini', true],
    ['gpt-6-luna', true],
  ])('are asked for in encrypted form only of models that reason: %s', async (model, isAsked) => {
    const server = await serve(sse(ended([message('m')])))
    await openai(model, { apiKey: 'k', baseURL: server.url, api: 'responses' }).chat('x')
    const { include } = server.requests[0]?.json as { include?: string[] }
    expect(include).toEqual(isAsked ? ['reasoning.encrypted_content'] : undefined)
  })

  it('of reasoning go back only with the output that followed', async () => {
    const incomplete = {
      ...completed({
        output: [reasoning],
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
      }),
      type: 'response.incomplete',
    }
    const llm = await service(responses, [created, incomplete], ended([message('msg_1')]))
    await llm.say(['x', await llm.say(['x']), 'Go on.'])
    expect(llm.sent().map(({ role, type }) => type ?? role)).toEqual(['user', 'user'])
  })

  it('go back without their ids where their reasoning cannot', async () => {
    const open = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null }
    const llm = await service(responses, ended([open, message('msg_9'), functionCall]), ended([]))
    await llm.say(['x', await llm.say(['x']), result()])
    expect(llm.sent().slice(1, 3)).toMatchObject([{ type: 'message' }, { type: 'function_call' }])
    for (const item of llm.sent()) expect(item).not.toHaveProperty('id')
  })

  it('go back without an id that is longer than the API takes, or with a shorter one', async () => {
    const long = 'x'.repeat(408)
    const llm = await service(
      responses,
      ended([
        { ...reasoning, id: long },
        message(long),
        { ...functionCall, id: long },
        { type: 'web_search_call', id: long, status: 'completed' },
      ]),
    )
    await llm.say(['x', await llm.say(['x']), result()])
    expect(llm.sent().slice(1, 5)).toMatchObject([
      { type: 'reasoning', encrypted_content: 'ENC' },
      { type: 'message', content: [{ text: 'noon' }] },
      { type: 'function_call', call_id: 'call_1' },
      { type: 'web_search_call' },
    ])
    const ids = llm.sent().map(({ id }) => id)
    expect(ids).toEqual([
      undefined,
      expect.stringMatching(/^rs_/),
      undefined,
      undefined,
      expect.any(String),
      undefined,
    ])
    for (const id of ids) expect(String(id ?? '').length).toBeLessThanOrEqual(64)
  })
})
