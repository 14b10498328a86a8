// Contract tests of capabilities: features that the model has work; those it lacks are refused before anything is sent.
import {
  type Capabilities,
  type Capability,
  type ChatRequest,
  type ErrorCode,
  type Message,
  type Part,
  runTools,
  type SpeechEvent,
  streamObject,
} from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { audio, file, image } from './media.js'
import { all, last } from './stream-events.js'
import { person, type Subject } from './subject.js'

type Feature = Exclude<
  keyof Capabilities,
  'embed' | 'options' | 'contextWindow' | 'maxOutput' | 'serverTools'
>

/** How a service refuses a feature that it lacks. */
// Servers that enforce no schema give answers that do not follow it.
const refusals: readonly ErrorCode[] = ['unsupported', 'invalid-request', 'not-found', 'structured-output']

/** How a call for what a model may make ends: with it if it does, refused before it is sent if not, and perhaps with words alone. */
function refusalsOf(can: Capability = 'unknown'): readonly ErrorCode[] {
  return can === true ? [] : can === false ? ['unsupported', 'no-route'] : [...refusals, 'empty-response']
}

export function capabilities(subject: Subject): void {
  const { short, toolRequest, answerOr, failsWith, failure } = subject

  describe('a capability', () => {
    const about = (part: Part): ChatRequest => ({
      messages: [{ role: 'user', content: [{ type: 'text', text: short }, part] }],
    })
    const features: [feature: Feature, request: ChatRequest][] = [
      ['tools', { ...toolRequest, toolChoice: 'auto' }],
      ['vision', about(image)],
      ['files', about(file)],
      ['audio', about(audio)],
      ['json', { messages: short, output: { schema: person } }],
      ['reasoning', { messages: short, reasoning: 'low' }],
    ]
    it.each(
      features,
    )('that is false refuses a call or warns, one that is true answers: %s', async (feature, request) => {
      const capability = subject.capabilities[feature]
      if (capability !== false) {
        const codes = capability === 'unknown' || subject.refusedByService.includes(feature) ? refusals : []
        const response = await answerOr(codes, subject.provider.chat(request))
        return expect(response?.message.content).not.toEqual([])
      }
      const error = await failsWith('unsupported', subject.provider.chat(request))
      expect(error.message).toContain(feature)
      const response = await subject.provider.chat({ ...request, onUnsupported: 'warn' })
      expect(response.warnings).toMatchObject([{ code: 'unsupported', feature }])
      expect(response.text).not.toBe('')
    })

    it('that is a tool of another service is refused before anything is sent, or left out with a warning', async () => {
      const server = { provider: 'elsewhere', kind: 'webSearch', definition: { type: 'search' } } as const
      const tools = [{ name: 'search_elsewhere', input: { type: 'object' }, server }]
      const before = subject.sent.length
      const error = await failure(subject.provider.chat({ messages: short, tools }))
      // Where the provider chooses among several, none of them has it.
      expect(['unsupported', 'no-route']).toContain(error.code)
      expect(error.message).toContain('elsewhere.webSearch')
      if (subject.checksSent) expect(subject.sent.length).toBe(before)
      const response = await subject.provider.chat({ messages: short, tools, onUnsupported: 'warn' })
      expect(response.warnings).toMatchObject([{ code: 'unsupported', feature: 'elsewhere.webSearch' }])
      expect(response.text).not.toBe('')
    })

    it('of a whole method holds too: transcribe', async () => {
      // No capability says whether a model transcribes.
      const response = await answerOr(
        refusals,
        subject.provider.transcribe({ audio: audio.data, mediaType: audio.mediaType }),
      )
      expect(typeof response?.text).toBe(response === undefined ? 'undefined' : 'string')
    })

    it('of a whole method holds too: image', async () => {
      const { provider, capabilities } = subject
      const before = subject.sent.length
      const response = await answerOr(refusalsOf(capabilities.image), provider.image('A cat'))
      if (capabilities.image === false) {
        expect(response).toBeUndefined()
        if (subject.checksSent) expect(subject.sent.length).toBe(before)
      }
      if (response === undefined) return
      expect(response.provider).not.toBe('')
      for (const { data, mediaType } of response.images) {
        expect(data.length).toBeGreaterThan(0)
        expect(mediaType).toMatch(/^image\//)
      }
    })

    it('of a whole method holds too: speak', async () => {
      const { provider, capabilities } = subject
      const before = subject.sent.length
      const stream = provider.speak('Hello there')
      const reading = (async () => {
        const events: SpeechEvent[] = []
        for await (const event of stream) events.push(event)
        return events
      })()
      const events = await answerOr(refusalsOf(capabilities.speech), reading)
      if (capabilities.speech === false) {
        expect(events).toBeUndefined()
        if (subject.checksSent) expect(subject.sent.length).toBe(before)
      }
      if (events === undefined) return
      const types = events.map(({ type }) => type)
      expect(types).toEqual(['start', ...types.slice(1, -1).map(() => 'audio'), 'finish'])
      const audio = events.flatMap((event) => (event.type === 'audio' ? [...event.audio] : []))
      const { response } = events.at(-1) as SpeechEvent & { type: 'finish' }
      expect([...response.audio]).toEqual(audio)
      expect(response.mediaType).toMatch(/^audio\//)
      expect(await stream.response()).toEqual(response)
    })

    it('of a whole method holds too: embed', async () => {
      const { provider, capabilities } = subject
      const allowed = { true: [], unknown: ['unsupported'], false: ['unsupported'] } as const
      const response = await answerOr(allowed[`${capabilities.embed}`], provider.embed(['one', 'two']))
      const vectors = response?.vectors.map(({ length }) => length > 0) ?? []
      expect(vectors).toEqual(response === undefined ? [] : [true, true])
      if (capabilities.embed === false) expect(response).toBeUndefined()
    })
  })

  describe('a feature that the model has', () => {
    it('gives JSON that follows a schema, parsed and valid', async ({ skip }) => {
      if (subject.capabilities.json === false) skip()
      const response = await subject.provider.chat({
        messages: 'Give me JSON: name Eve, age 30.',
        output: { schema: person },
      })
      expect(response.output).toMatchObject({ name: expect.any(String), age: expect.any(Number) })
      expect(JSON.parse(response.text)).toEqual(response.output)
    })

    it('gives a tool call that is announced, streamed and then whole', async ({ skip }) => {
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

    it('runs the agent loop up to an answer', async ({ skip }) => {
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

    it('gives partial objects of a schema, then the whole one', async ({ skip }) => {
      if (subject.capabilities.json === false) skip()
      const run = streamObject(subject.provider, person, 'Give me JSON: name Eve, age 30.')
      let seen: unknown
      for await (const partial of run) seen = partial
      const { object } = await run.result()
      expect(object).toMatchObject({ name: expect.any(String), age: expect.any(Number) })
      expect(seen).toEqual(object)
    })

    it('gives log-probabilities of its text, streamed and whole, or reports that it does not', async () => {
      const { provider, capabilities } = subject
      // The tokens are those that the model wrote: a policy that restores names in the text leaves them. So no name.
      const request = { messages: 'What is two and two?', logprobs: 2 }
      if (capabilities.options?.logprobs === false) {
        const error = await failsWith('unsupported', provider.chat(request))
        return expect(error.message).toContain('logprobs')
      }
      const codes = ['unsupported', 'invalid-request'] as const
      const response = await answerOr(codes, provider.chat(request))
      const events = await answerOr(codes, all(provider.stream(request)))
      expect(events === undefined).toBe(response === undefined)
      for (const answer of response && events ? [response, last(events).response] : []) {
        const { logprobs = [], text, warnings } = answer
        if (warnings.some(({ feature }) => feature === 'logprobs')) continue
        expect(logprobs.map(({ token }) => token).join('')).toBe(text)
        for (const { logprob, top } of logprobs) {
          expect(logprob).toBeLessThanOrEqual(0)
          expect(top.length).toBeLessThanOrEqual(2)
          expect(top.map((one) => one.logprob)).toEqual(top.map((one) => one.logprob).sort((a, b) => b - a))
        }
        if (answer === response) continue
        const streamed = (events ?? []).flatMap((event) =>
          event.type === 'text' ? (event.logprobs ?? []) : [],
        )
        expect(streamed).toEqual(logprobs)
      }
    })

    it('counts tokens, and hidden messages cost nothing', async () => {
      const shown: Message = { role: 'user', content: short }
      const hidden: Message = { role: 'assistant', content: 'only for the user', visibility: 'user' }
      // Anthropic's protocol has no word of its own for what a server cannot do.
      const codes = ['unsupported', 'invalid-request'] as const
      const count = await answerOr(codes, subject.provider.countTokens([shown]))
      const both = await answerOr(codes, subject.provider.countTokens([hidden, shown]))
      expect(both).toBe(count)
      expect(count).not.toBe(0)
    })

    it('supports batches, or reports that it does not', async () => {
      const { batches } = subject.provider
      const codes = ['unsupported', 'invalid-request']
      expect(codes).toContain((await failure(batches.submit([]))).code)
      expect(['unsupported', 'invalid-request', 'not-found']).toContain(
        (await failure(batches.status('none'))).code,
      )
    })

    it('lists its models, or reports that it cannot', async () => {
      const models = await answerOr(['unsupported'], subject.provider.models())
      expect(models?.length).not.toBe(0)
      for (const { id } of models ?? []) expect(id).not.toBe('')
    })
  })
}
