// What a model can do works; what it cannot is refused before the wire.
import {
  type Capabilities,
  type ChatRequest,
  type EmbedResponse,
  isLlmError,
  type Message,
  type Part,
  runTools,
  streamObject,
  type TranscribeResponse,
} from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { all, last } from './reading.js'
import { person, type Subject } from './subject.js'

export function abilities(subject: Subject): void {
  const { short, toolRequest, failsWith, failure } = subject

  describe('what a model cannot do', () => {
    const image: Part = { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' }
    const file: Part = { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' }
    const audio: Part = { type: 'audio', data: 'UklGRg==', mediaType: 'audio/wav' }
    const asking = (part: Part): ChatRequest => ({
      messages: [{ role: 'user', content: [{ type: 'text', text: short }, part] }],
    })
    const features: [feature: keyof Capabilities, request: ChatRequest][] = [
      ['tools', { ...toolRequest, toolChoice: 'auto' }],
      ['vision', asking(image)],
      ['files', asking(file)],
      ['audio', asking(audio)],
      ['json', { messages: short, output: 'json' }],
      ['reasoning', { messages: short, reasoning: 'low' }],
    ]
    it.each(
      features,
    )('is refused before the wire, or left out with a warning: %s', async (feature, request) => {
      if (subject.capabilities[feature] !== false) return
      const error = await failsWith('unsupported', subject.provider.chat(request))
      expect(error.message).toContain(feature)
      const response = await subject.provider.chat({ ...request, onUnsupported: 'warn' })
      expect(response.warnings).toMatchObject([{ code: 'unsupported', feature }])
      expect(response.text).not.toBe('')
    })

    it('is refused too where it is a whole method: transcribe', async () => {
      const sound = { audio: Uint8Array.of(1, 2, 3), mediaType: 'audio/wav' }
      const outcome: unknown = await subject.provider.transcribe(sound).catch((error: unknown) => error)
      // What a server has to say of such a sound is its own business.
      const text = (outcome as TranscribeResponse).text
      expect(isLlmError(outcome) ? 'a typed error' : typeof text).toMatch(/^(a typed error|string)$/)
    })

    it('is refused too where it is a whole method: embed', async () => {
      const { provider, capabilities } = subject
      if (capabilities.embed === false) return void (await failsWith('unsupported', provider.embed('text')))
      const outcome: unknown = await provider.embed(['one', 'two']).catch((error: unknown) => error)
      // Where nobody knows, the server may say that it cannot.
      if (capabilities.embed === 'unknown' && isLlmError(outcome)) expect(outcome.code).toBe('unsupported')
      else expect((outcome as EmbedResponse).vectors.map(({ length }) => length > 0)).toEqual([true, true])
    })
  })

  describe('what a model can do', () => {
    it('is JSON by a schema, parsed and valid', async ({ skip }) => {
      if (subject.capabilities.json === false) skip()
      const response = await subject.provider.chat({
        messages: 'Give me JSON: name Eve, age 30.',
        output: { schema: person },
      })
      expect(response.output).toMatchObject({ name: expect.any(String), age: expect.any(Number) })
      expect(JSON.parse(response.text)).toEqual(response.output)
    })

    it('is a call of a tool, announced, streamed and given whole', async ({ skip }) => {
      if (subject.capabilities.tools === false) skip()
      const events = await all(subject.provider.stream(toolRequest))
      const { response } = last(events)
      expect(response.finishReason).toBe('tool-calls')
      const [call] = response.toolCalls
      expect(call?.name).toBe(toolRequest.tools?.[0]?.name)
      const own = events.filter((event) => 'id' in event && event.id === call?.id)
      expect(own.map(({ type }) => type).filter((type, index, types) => type !== types[index - 1])).toEqual([
        'tool-call-start',
        'tool-call-delta',
        'tool-call',
      ])
      const json = own.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')
      expect(JSON.parse(json)).toEqual(call?.input)
      const result: Message = {
        role: 'tool',
        content: [
          { type: 'tool-result', id: call?.id ?? '', output: '{"temperature": 21, "condition": "sunny"}' },
        ],
      }
      const { messages: question, tools } = toolRequest
      const answer = await subject.provider.chat({
        messages: [...(typeof question === 'string' ? [question] : question), response.message, result],
        ...(tools && { tools }),
      })
      expect(answer.text).not.toBe('')
    })

    it('is a loop over tools, up to an answer', async ({ skip }) => {
      if (subject.capabilities.tools === false) skip()
      const [tool] = toolRequest.tools ?? []
      const inputs: unknown[] = []
      const run = (input: unknown) => {
        inputs.push(input)
        return { temperature: 21, condition: 'sunny' }
      }
      const tools = tool ? [{ ...tool, run }] : []
      const result = await runTools(subject.provider, { ...toolRequest, tools }).result()
      expect(result).toMatchObject({ reason: 'answer', pending: [] })
      expect(result.text).not.toBe('')
      expect(inputs.length).toBeGreaterThan(0)
      expect(result.usage.inputTokens ?? 0).toBeGreaterThan(result.response?.usage.inputTokens ?? 0)
    })

    it('is a value of a schema, shown while it grows', async ({ skip }) => {
      if (subject.capabilities.json === false) skip()
      const run = streamObject(subject.provider, person, 'Give me JSON: name Eve, age 30.')
      let seen: unknown
      for await (const partial of run) seen = partial
      const { object } = await run.result()
      expect(object).toMatchObject({ name: expect.any(String), age: expect.any(Number) })
      expect(seen).toEqual(object)
    })

    it('is counting: hidden messages cost nothing', async () => {
      const shown: Message = { role: 'user', content: short }
      const hidden: Message = { role: 'assistant', content: 'for the eyes of the user', visibility: 'user' }
      const count = await subject.provider.countTokens([shown]).catch((error) => error)
      if (isLlmError(count, 'unsupported')) return
      expect(count).toBeGreaterThan(0)
      expect(await subject.provider.countTokens([hidden, shown])).toBe(count)
    })

    it('is taking batches, or saying that there are none', async () => {
      const { batches } = subject.provider
      const codes = ['unsupported', 'invalid-request']
      expect(codes).toContain((await failure(batches.submit([]))).code)
      expect(['unsupported', 'invalid-request', 'not-found']).toContain(
        (await failure(batches.status('none'))).code,
      )
    })

    it('is naming its models', async () => {
      const models = await subject.provider.models()
      expect(models.length).toBeGreaterThan(0)
      for (const { id } of models) expect(id).not.toBe('')
    })
  })
}
