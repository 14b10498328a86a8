// Contract tests of completeness: each part of a request, in each role, is sent, or an error or a warning names it.
import { type ChatRequest, isLlmError, type Message, type Part } from '@patchbay/core'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { person, type Subject } from './subject.js'

/** The word that the tests look for in what was sent. */
const marker = 'xq7marker'
const base64 = btoa(marker)
const address = `http://127.0.0.1:9/${marker}`

const media: Record<string, Part> = {
  'the bytes of an image': { type: 'image', data: base64, mediaType: 'image/x-own' },
  'the address of an image': { type: 'image', url: address },
  'the bytes of a file': { type: 'file', data: base64, mediaType: 'application/pdf' },
  'the name of a file': { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: marker },
  'the address of a file': { type: 'file', url: address },
  'the bytes of a sound': { type: 'audio', data: base64, mediaType: 'audio/wav' },
}
const texts: Record<string, Part> = { 'a text': { type: 'text', text: marker } }
const foreign = { provider: 'somebody-else', data: { signature: 'x' } }
const assistantParts: Record<string, Part> = {
  'a text': { type: 'text', text: marker },
  'the citations of a text': {
    type: 'text',
    text: 'It is so.',
    citations: [{ url: address, title: marker, quote: marker, start: 0, end: 5 }],
  },
  'a citation without a place': { type: 'text', text: 'It is so.', citations: [{ title: marker }] },
  reasoning: { type: 'reasoning', text: marker },
  "reasoning of another provider's": { type: 'reasoning', text: marker, opaque: foreign },
  'a refusal': { type: 'refusal', text: marker },
  "another provider's block": {
    type: 'provider-block',
    kind: 'search',
    opaque: { ...foreign, data: { text: marker } },
  },
  'a result of its own': { type: 'tool-result', id: 'own', name: 'search', output: marker },
  'the name of a result of its own': { type: 'tool-result', id: 'own', name: marker, output: 'x' },
  'an image in a result of its own': {
    type: 'tool-result',
    id: 'own',
    output: [{ type: 'image', data: base64, mediaType: 'image/x-own' }],
  },
}

const call: Part = { type: 'tool-call', id: 'c1', name: 'look', input: {} }
const toolTurn = (output: string | Part[], more: object = {}): Message[] => [
  { role: 'user', content: 'Look.' },
  { role: 'assistant', content: [call] },
  { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output, ...more }] },
]

/** `name` matches the error or warning about what was not sent. `times` is how often the marker is in the messages. */
type Case = [what: string, messages: Message[], name: RegExp, times?: number]

function cases(): Case[] {
  const last: Message = { role: 'user', content: 'Go on.' }
  const all: Case[] = []
  const add = (role: string, parts: Record<string, Part>, make: (part: Part) => Message[]) => {
    for (const [what, part] of Object.entries(parts))
      all.push([`${what} (${role})`, make(part), new RegExp(featureOf(part), 'i')])
  }
  add('system', texts, (part) => [{ role: 'system', content: [part] }, last])
  add('user', { ...texts, ...media }, (part) => [{ role: 'user', content: [part] }])
  add('assistant', { ...assistantParts, ...media }, (part) => [
    { role: 'user', content: 'Hi.' },
    { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }, part] },
    last,
  ])
  add('assistant, alone in its turn', { ...assistantParts, ...media }, (part) => [
    { role: 'user', content: 'Hi.' },
    { role: 'assistant', content: [part] },
    last,
  ])
  add('assistant, beside a call', { ...assistantParts, ...media }, (part) => [
    { role: 'user', content: 'Hi.' },
    { role: 'assistant', content: [part, call] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output: 'seen' }] },
  ])
  add('tool', { ...texts, ...media }, (part) => toolTurn([part]))
  add('a failed tool', { ...texts, ...media }, (part) => toolTurn([part], { isError: true }))
  return [
    ...all,
    ['the words of a result', toolTurn(marker), /result/],
    ['the words of a failure', toolTurn(marker, { isError: true }), /result/],
    ['the name of a result', toolTurn('seen', { name: marker }), /name/],
    [
      'the name and input of a call',
      [
        { role: 'user', content: 'Look.' },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: 'c1', name: marker, input: { at: marker } }],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output: 'seen' }] },
      ],
      /call/,
      2,
    ],
    ['a message for the model alone', [{ role: 'user', content: marker, visibility: 'model' }], /visibility/],
  ]
}

/** The words by which an error or a warning may name what it cannot send of a part. */
function featureOf(part: Part): string {
  const names: Partial<Record<Part['type'], string>> = {
    image: 'vision|image|url',
    file: 'file|url',
    text: 'citation',
    'tool-result': 'vision|image',
  }
  return names[part.type] ?? part.type
}

const tools: ChatRequest['tools'] = [{ name: 'look', input: { type: 'object', properties: {} } }]

/** Options that change the answer, each with a request that differs from the plain one by it alone. */
const options: Record<
  Exclude<keyof ChatRequest, 'messages' | 'tools' | 'providerOptions' | 'onUnsupported' | 'cache'>,
  [set: Partial<ChatRequest>, unset?: Partial<ChatRequest>][]
> = {
  system: [[{ system: marker }]],
  toolChoice: [
    [{ tools, toolChoice: 'none' }, { tools }],
    [{ tools, toolChoice: 'required' }, { tools }],
    [{ tools, toolChoice: { name: 'look' } }, { tools }],
  ],
  parallelToolCalls: [[{ tools, parallelToolCalls: false }, { tools }]],
  output: [[{ output: 'json' }], [{ output: { schema: person } }]],
  maxOutputTokens: [[{ maxOutputTokens: 1234 }]],
  reasoning: [
    [{ reasoning: 'off' }, { reasoning: 'high' }],
    [{ reasoning: 'low' }, { reasoning: 'high' }],
    [{ reasoning: { budgetTokens: 2345 } }, { reasoning: { budgetTokens: 3456 } }],
  ],
  temperature: [[{ temperature: 0.25 }]],
  topP: [[{ topP: 0.25 }]],
  topK: [[{ topK: 25 }]],
  minP: [[{ minP: 0.25 }]],
  seed: [[{ seed: 25 }]],
  logprobs: [[{ logprobs: true }], [{ logprobs: 3 }]],
  stop: [[{ stop: [marker] }]],
  frequencyPenalty: [[{ frequencyPenalty: 0.25 }]],
  presencePenalty: [[{ presencePenalty: 0.25 }]],
}

/** Words by which an error or a warning names an option, where it is not the option's own name. */
const words: Record<string, string> = { output: 'json', toolChoice: 'tool', parallelToolCalls: 'tool' }

const cacheable: [what: string, messages: Message[]][] = [
  ['user', [{ role: 'user', content: 'Hi.', cache: true }]],
  [
    'system',
    [
      { role: 'system', content: 'Be brief.', cache: { ttl: '1h' } },
      { role: 'user', content: 'Hi.' },
    ],
  ],
  [
    'assistant',
    [
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content: 'Hello.', cache: true },
      { role: 'user', content: 'Bye.' },
    ],
  ],
  [
    'assistant, with nothing that can carry it',
    [
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.', opaque: foreign }], cache: true },
      { role: 'user', content: 'Bye.' },
    ],
  ],
  ['tool', toolTurn('seen').map((message) => ({ ...message, cache: message.role === 'tool' }))],
  [
    'six messages',
    Array.from(
      { length: 6 },
      (_, index) =>
        ({ role: index % 2 ? 'assistant' : 'user', content: `${index}`, cache: true }) satisfies Message,
    ).concat({ role: 'user', content: 'Bye.', cache: true }),
  ],
]

export function nothingLost(subject: Subject): void {
  /** What was sent, and the text of the warnings or of the error. */
  async function outcome(
    messages: Message[],
    more: Partial<ChatRequest> = {},
  ): Promise<{ wire: string; notice: string }> {
    const before = subject.sent.length
    const notice = await subject.provider.chat({ ...more, messages }, { retry: false }).then(
      ({ warnings }) => warnings.map(({ feature, message }) => `${feature}: ${message}`).join('\n'),
      (error: unknown) => {
        if (!isLlmError(error)) throw error
        expect(error.message).not.toContain('Please report this')
        // An answer that is checked against what was asked for names it, too.
        expect(['unsupported', 'invalid-request', 'structured-output']).toContain(error.code)
        return error.message
      },
    )
    return { wire: subject.sent.slice(before).join('\n'), notice }
  }

  describe.runIf(subject.checksSent)('no content of a request is silently lost', () => {
    beforeAll(async () => {
      if (subject.sent.length === 0) await subject.provider.chat(subject.short)
    })
    beforeEach(({ skip }) =>
      skip(subject.sent.length === 0, 'nothing is seen of what the model gets: pass `sent`'),
    )

    it.each(cases())('%s is sent, or named', async (_, messages, name, times = 1) => {
      const { wire, notice } = await outcome(messages)
      const count = [marker, base64].reduce((sum, one) => sum + wire.split(one).length - 1, 0)
      const isSent = count >= times || notice.includes(marker)
      expect(isSent || name.test(notice), notice || 'silently lost').toBe(true)
    })

    it('opaque state is sent back to its service unchanged', async () => {
      const own = { provider: subject.provider.provider, data: { type: 'own_block', text: marker } }
      const { wire, notice } = await outcome([
        { role: 'user', content: 'Hi.' },
        { role: 'assistant', content: [{ type: 'provider-block', kind: 'own_block', opaque: own }] },
        { role: 'user', content: 'Go on.' },
      ])
      expect(`${wire}\n${notice}`).toMatch(new RegExp(`${marker}|provider-block`))
    })

    it('a message for the user alone is not sent', async () => {
      const { wire } = await outcome([
        { role: 'user', content: 'Hi.' },
        { role: 'assistant', content: marker, visibility: 'user' },
        { role: 'user', content: 'Go on.' },
      ])
      expect(wire).not.toBe('')
      expect(wire).not.toContain(marker)
    })

    it.each([
      'it broke',
      '',
      [{ type: 'text', text: 'it broke' } satisfies Part],
    ])('a failed tool differs on the wire from one that worked, or is refused: %j', async (output) => {
      const failed = await outcome(toolTurn(output, { isError: true }))
      const worked = await outcome(toolTurn(output))
      expect(failed).not.toEqual(worked)
      expect(worked.wire === '' || failed.wire !== worked.wire).toBe(true)
    })

    it.each(cacheable)('a cache breakpoint is sent, or named: %s', async (what, messages) => {
      const { wire, notice } = await outcome(messages)
      const breakpoints = messages.filter(({ cache }) => cache).length
      const count = wire.split('cache_control').length - 1
      expect(count >= breakpoints || /cache/.test(notice), notice || 'silently lost').toBe(true)
      expect(what !== 'system' || count === 0 || wire.includes('1h'), 'the ttl').toBe(true)
    })

    const hi: Message[] = [{ role: 'user', content: 'Hi, as JSON.' }]
    it.each(
      Object.entries(options).flatMap(([name, cases]) =>
        cases.map(([set, unset]) => [name, set, unset] as const),
      ),
    )('the option %s is sent, or named: %j', async (name, set, unset) => {
      const [plain, changed] = [await outcome(hi, unset), await outcome(hi, set)]
      const isSent = changed.wire !== '' && changed.wire !== plain.wire
      expect(
        isSent || changed.notice.toLowerCase().includes(words[name] ?? name.toLowerCase()),
        changed.notice,
      ).toBe(true)
    })

    it("cache: 'auto' is taken everywhere without a word, since it changes no answer", async () => {
      const [plain, cached] = [await outcome(hi), await outcome(hi, { cache: 'auto' })]
      expect(cached.wire).not.toBe('')
      expect(cached.notice).toBe(plain.notice)
    })

    it('tools arrive with their names, descriptions and schemas', async ({ skip }) => {
      if (subject.capabilities.tools === false) skip()
      const before = subject.sent.length
      const input = { type: 'object', properties: { [`${marker}property`]: { type: 'string' } } }
      await subject.provider.chat({
        messages: 'Hi.',
        tools: [{ name: `${marker}name`, description: `${marker}description`, input }],
      })
      const wire = subject.sent.slice(before).join('\n')
      for (const what of ['name', 'description', 'property']) expect(wire).toContain(marker + what)
    })
  })
}
