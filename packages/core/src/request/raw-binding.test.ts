// Raw requests: one is sent only with the chat request that it was tied to, and one of another form is refused.
import { describe, expect, it } from 'vitest'
import { type Backend, type ChatRequest, defineProvider, type PreparedChat } from '../index.js'
import { bindRaw, type RawRequest, splitRaw, withoutRaw } from '../wire/index.js'

const raw = (): RawRequest => ({ protocol: 'anthropic-messages', body: { smell: 'roses' }, headers: {} })
const requestWith = (rawRequest: unknown): ChatRequest => ({
  messages: [{ role: 'user', content: 'Hi' }],
  temperature: 0.5,
  providerOptions: { mine: { rawRequest } as Record<string, unknown> },
})

/** Whether a backend gets the raw request of a chat request. */
async function isSent(request: ChatRequest, defaults: Partial<ChatRequest> = {}): Promise<boolean> {
  let got: PreparedChat | undefined
  const backend: Backend = {
    provider: 'mine',
    model: 'm',
    capabilities: () => ({
      ...{ streaming: true, tools: true, vision: true, files: true, audio: true },
      ...{ json: true, reasoning: true, embed: false },
    }),
    async *chat(chat) {
      got = chat
      yield { type: 'text', text: 'Hi' }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
  }
  await defineProvider(backend, { defaults }).chat(request)
  return got !== undefined && splitRaw(got, 'anthropic-messages').raw !== undefined
}

describe('a raw request', () => {
  it('is sent while the chat request says the same, with the defaults of the provider', async () => {
    const request = bindRaw(requestWith(raw()))
    expect(await isSent(request)).toBe(true)
    expect(await isSent({ ...request })).toBe(true)
    expect(await isSent(request, { temperature: 1, topP: 0.5, stop: ['END'] })).toBe(true)
    expect(await isSent({ ...request, stop: ['END'] }, { stop: ['END'] })).toBe(true)
  })

  it('is not sent if anything of the chat request is another, was added or was left out', async () => {
    const request = bindRaw(requestWith(raw()))
    const { temperature: _, ...cooler } = request
    const others: ChatRequest[] = [
      cooler,
      { ...request, messages: [{ role: 'user', content: 'Hi' }] },
      { ...request, topP: 0.5 },
      { ...request, tools: [] },
      { ...request, providerOptions: { mine: { ...request.providerOptions?.mine, smell: 'fish' } } },
    ]
    for (const other of others) expect(await isSent(other)).toBe(false)
  })

  it('is not sent in place of defaults that cannot be added to it', async () => {
    expect(await isSent(bindRaw(requestWith(raw())), { system: 'Rules.' })).toBe(false)
  })

  it('is not sent if it is tied to no chat request, or is a copy', async () => {
    expect(await isSent(requestWith(raw()))).toBe(false)
    const request = bindRaw(requestWith(raw()))
    expect(await isSent({ ...request, providerOptions: { mine: { rawRequest: raw() } } })).toBe(false)
  })

  it('is left out for a policy that looks at contents; one that says more fails the call', async () => {
    const request = bindRaw(requestWith(raw()))
    expect(withoutRaw(request)).toEqual({ ...request, providerOptions: { mine: {} } })
    expect(withoutRaw('Hi')).toBe('Hi')
    const odd = bindRaw(requestWith({ ...raw(), refusal: 'smell: nobody else knows it.' }))
    expect(() => withoutRaw(odd)).toThrow('smell: nobody else knows it.')
  })

  it('that says more than the chat request fails the call in place of being left out', async () => {
    const request = bindRaw(requestWith({ ...raw(), refusal: 'smell: nobody else knows it.' }))
    expect(await isSent(request)).toBe(true)
    await expect(isSent({ ...request, temperature: 0 })).rejects.toMatchObject({
      code: 'invalid-request',
      message: 'smell: nobody else knows it.',
    })
  })

  it.each([
    ['text'],
    [null],
    [[]],
    [{}],
    [{ ...raw(), protocol: 'smoke-signals' }],
    [{ ...raw(), protocol: 'toString' }],
    [{ ...raw(), body: 'text' }],
    [{ ...raw(), headers: { a: 1 } }],
    [{ ...raw(), refusal: 1 }],
  ])('of another form is an error: %j', async (wrong) => {
    await expect(isSent(requestWith(wrong))).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('providerOptions.mine.rawRequest must be'),
    })
  })
})
