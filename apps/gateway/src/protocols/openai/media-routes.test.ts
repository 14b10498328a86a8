// Images and speech of the gateway, by the official OpenAI client, and by our own backend through it.
import { LlmError } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { type MockProvider, mockProvider } from '@patchbay/testing'
import OpenAI, { APIError, toFile } from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Settings, served, thrownBy } from '../../../test/served.js'

async function clientOf(inner: MockProvider, more?: Settings) {
  const gateway = await served(inner, more)
  return { gateway, client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 }) }
}
const failed = (work: Promise<unknown>) => thrownBy<APIError>(APIError, work)
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1)
const busy = new LlmError('overloaded', 'Busy.')

describe('images', () => {
  it('are made, as base64 or as data URLs, with what was used', async () => {
    const { client } = await clientOf(mockProvider())
    const made = await client.images.generate({
      model: 'default',
      prompt: 'A red bicycle',
      n: 2,
      size: 'auto',
      quality: 'hd',
      background: 'auto',
    })
    expect(made).toMatchObject({
      output_format: 'png',
      usage: { input_tokens: 3, output_tokens: 3, total_tokens: 6 },
      data: [{ revised_prompt: 'A red bicycle' }, {}],
    })
    expect(
      Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    const { data } = await client.images.generate({ prompt: 'p', model: 'default', response_format: 'url' })
    expect(data?.[0]?.url).toMatch(/^data:image\/png;base64,/)
  })

  it('are edited: the files of a form reach the provider', async () => {
    const inner = mockProvider()
    const seen: unknown[] = []
    const image = inner.image.bind(inner)
    inner.image = (request, options) => {
      seen.push(request)
      return image(request, options)
    }
    const { client } = await clientOf(inner)
    const file = (name: string) => toFile(png, name, { type: 'image/png' })
    await client.images.edit({
      model: 'default',
      prompt: 'Add a hat',
      image: [await file('a.png'), await file('b.png')],
      mask: await file('mask.png'),
      n: 2,
      size: '1024x1024',
    })
    const sent = { data: png, mediaType: 'image/png' }
    expect(seen).toEqual([{ prompt: 'Add a hat', n: 2, size: '1024x1024', images: [sent, sent], mask: sent }])
  })

  it('have `auto` as a prompt, and let the service choose where `auto` is a value', async () => {
    const inner = mockProvider()
    const seen: unknown[] = []
    const image = inner.image.bind(inner)
    inner.image = (request, options) => {
      seen.push(JSON.parse(JSON.stringify(request)))
      return image(request, options)
    }
    const { client } = await clientOf(inner)
    const auto = { size: 'auto', quality: 'auto', background: 'auto' } as const
    await client.images.generate({ model: 'default', prompt: 'auto', ...auto })
    expect(seen).toEqual([{ prompt: 'auto' }])
  })

  it('that cannot be made are refused in the words of the client', async () => {
    const { client, gateway } = await clientOf(mockProvider({ answers: [busy], retry: false }))
    expect(await failed(client.images.generate({ model: 'default', prompt: 'p' }))).toMatchObject({
      status: 503,
    })
    const wrong: [object, string][] = [
      [{ prompt: 'p', output_format: 'gif' }, 'output_format'],
      [{ prompt: 'p', size: 'huge' }, 'size'],
      [{ prompt: 3 }, 'prompt'],
      [{ prompt: 'p', stream: true }, 'stream'],
      [{ prompt: 'p', style: 'vivid' }, 'style'],
      [{ prompt: 'p', response_format: 'png' }, 'response_format'],
    ]
    for (const [body, name] of wrong) {
      const error = await failed(client.images.generate({ model: 'default', ...body } as never))
      expect([error.status, error.message]).toEqual([400, expect.stringContaining(name)])
    }
    const noForm = await fetch(`${gateway.url}/v1/images/edits`, { method: 'POST', body: '{}' })
    expect([noForm.status, await noForm.json()]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('form') } },
    ])
  })
})

describe('speech', () => {
  it('is streamed as bytes, with its media type, or as events', async () => {
    const { client } = await clientOf(mockProvider())
    const request = { model: 'default', input: 'Hello there', voice: 'coral' }
    const whole = await client.audio.speech.create({ ...request, speed: 1.5, instructions: 'Softly' })
    expect(whole.headers.get('content-type')).toBe('audio/x-mock')
    expect(await whole.text()).toBe('Hello there')
    const events = await client.audio.speech.create({ ...request, stream_format: 'sse' })
    expect(events.headers.get('content-type')).toBe('text/event-stream')
    const values = (await events.text())
      .split('\n\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line.slice(6)))
    expect(values).toEqual([
      { type: 'speech.audio.delta', audio: Buffer.from('Hello ').toString('base64') },
      { type: 'speech.audio.delta', audio: Buffer.from('there').toString('base64') },
      {
        type: 'speech.audio.done',
        usage: { input_tokens: 2, output_tokens: 2, total_tokens: 4 },
      },
    ])
  })

  it('has `auto` as a text', async () => {
    const { client } = await clientOf(mockProvider())
    const audio = await client.audio.speech.create({ model: 'default', input: 'auto', voice: 'auto' })
    expect(await audio.text()).toBe('auto')
  })

  it('has a status if it fails before it begins, and is cut or says so if it fails later', async () => {
    const early = await clientOf(mockProvider({ answers: [busy], retry: false }))
    const request = { model: 'default', input: 'Hi', voice: 'coral' }
    expect(await failed(early.client.audio.speech.create(request))).toMatchObject({ status: 503 })
    const wrong = await failed(
      early.client.audio.speech.create({ ...request, response_format: 'mp4' as never }),
    )
    expect([wrong.status, wrong.message]).toEqual([400, expect.stringContaining('response_format')])
    const cut = { text: 'Hello', error: busy }
    const late = await clientOf(mockProvider({ answers: [cut, cut], retry: false }))
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const broken = await late.client.audio.speech.create(request)
    await expect(broken.arrayBuffer()).rejects.toThrow()
    // One line says what failed. A stack is of use only for a bug of the gateway.
    expect(log.mock.calls).toEqual([[expect.stringContaining('failed. overloaded: Busy.')]])
    const events = await late.client.audio.speech.create({ ...request, stream_format: 'sse' })
    expect(await events.text()).toMatch(/"type":"error"/)
  })

  it('goes through the gateway like any other server: our own backend hears every piece', async () => {
    const inner = mockProvider()
    const gateway = await served(inner)
    const llm = openai('default', { baseURL: `${gateway.url}/v1`, apiKey: 'k', retry: false })
    const stream = llm.speak({ text: 'one two three', providerOptions: { openai: { stream_format: 'sse' } } })
    const { audio, usage } = await stream.response()
    expect(new TextDecoder().decode(audio)).toBe('one two three')
    expect(usage).toEqual({ inputTokens: 3, outputTokens: 3 })
    expect((await llm.image('A cat')).images).toMatchObject([
      { mediaType: 'image/png', revisedPrompt: 'A cat' },
    ])
  })

  it('ends the call when the client leaves', async () => {
    const inner = mockProvider({ answers: [{ text: 'a b c', interval: 60_000 }] })
    const { client } = await clientOf(inner)
    const response = await client.audio.speech.create({ model: 'default', input: 'x', voice: 'v' })
    const reader = response.body?.getReader()
    await reader?.read()
    expect(inner.running).toBe(1)
    await reader?.cancel()
    await expect.poll(() => inner.running).toBe(0)
  })
})
