// Chat templates of real models, if there is a folder with small GGUF files that hold them: CHAT_TEMPLATES=folder, with
// folder/models/*.gguf. What each template writes for an answer with calls is read back as it was, and no text of a caller or a
// tool becomes one of its control tokens.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatRequest, LlmError } from '@patchbay/core'
import { getLlama, type Llama, type Token } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAnswer } from '../answer.js'
import { renderPrompt } from '../prompt.js'

const folder = join(process.env.CHAT_TEMPLATES ?? '', 'models')
const files = process.env.CHAT_TEMPLATES && existsSync(folder) ? readdirSync(folder) : []

const text = { type: 'string', description: 'A text.' }
const tools = [
  {
    name: 'get_weather',
    description: 'Get the weather.',
    input: {
      type: 'object',
      properties: { city: text, days: { type: 'array', description: 'Days.', items: { type: 'integer' } } },
      required: ['city'],
    },
  },
  { name: 'get_time', description: 'Get the time.', input: { type: 'object', properties: { zone: text } } },
] satisfies ChatRequest['tools']
const calls = [
  {
    type: 'tool-call',
    id: 'call00001',
    name: 'get_weather',
    input: { city: 'Zürich\'s "east" \\ 東京', days: [1, 2] },
  },
  { type: 'tool-call', id: 'call00002', name: 'get_time', input: { zone: 'Europe/Zurich' } },
] as const
const question = { role: 'user', content: 'Weather?' } as const

/** The text, or the error of a template that refuses the conversation. */
const promptOf = (modelPath: string, request: ChatRequest): Promise<string | LlmError> =>
  renderPrompt({ modelPath, request }).then(
    ({ text }) => text,
    (error: LlmError) => error,
  )

/** What these templates write of the calls of an answer: its first one, or none. All others write every call. */
const written: Record<string, number> = {
  'GigaChat3.1-10B-A1.8B.gguf': 1,
  'openai-gpt-oss-120b.gguf': 1,
  'LFM2-8B-A1B.gguf': 0,
  'LFM2.5-Instruct.gguf': 0,
  'Phi-4-mini.gguf': 0,
  'ibm-granite-granite-3.3-2B-Instruct.gguf': 0,
}

/** Templates without a place for tools, or for so many calls in one message. */
const refused: Record<string, number> = {
  'DeepSeek-R1-Distill-own.gguf': 1,
  'Gemma-3.gguf': 1,
  'HuggingFaceTB-SmolLM3-3B.gguf': 1,
  'Phi-4.gguf': 1,
  'deepseek-ai-DeepSeek-R1-Distill-Llama-8B.gguf': 1,
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.gguf': 1,
  'deepseek-ai-DeepSeek-V3.1.gguf': 1,
  'fireworks-ai-llama-3-firefunction-v2.gguf': 1,
  'google-gemma-2-2b-it.gguf': 1,
  'llama-cpp-rwkv-world.gguf': 1,
  'microsoft-Phi-3.5-mini-instruct.gguf': 1,
  'meta-llama-Llama-3.1-8B-Instruct.gguf': 2,
  'meta-llama-Llama-3.2-3B-Instruct.gguf': 2,
  'meta-llama-Llama-3.3-70B-Instruct.gguf': 2,
}

describe.skipIf(files.length === 0).each(files.length === 0 ? ['no files'] : files)('%s', (file) => {
  const modelPath = join(folder, file)

  it.each([1, 2])('reads %s of its calls back', async (count) => {
    const made = calls.slice(0, count)
    const result = 'Outcome 4711'
    const results = made.map(({ id, name }) => ({ type: 'tool-result', id, name, output: result }) as const)
    const history: ChatRequest['messages'] = [
      question,
      { role: 'assistant', content: [...made] },
      { role: 'tool', content: results },
    ]
    let request: ChatRequest = { messages: [question], tools }
    let prompt = await promptOf(modelPath, request)
    const after = await promptOf(modelPath, { messages: history, tools })
    if (count >= (refused[file] ?? Number.POSITIVE_INFINITY))
      return expect([prompt, after]).toContainEqual(expect.objectContaining({ code: 'unsupported' }))
    if (typeof prompt !== 'string' || typeof after !== 'string')
      throw prompt instanceof Error ? prompt : after
    // A thought that the prompt begins is not in the past: the model is taken to have ended it without a word.
    if (!after.startsWith(prompt)) {
      request = { ...request, reasoning: 'off' }
      prompt = (await promptOf(modelPath, request)) as string
    }
    const text = after.slice(sharedLength(prompt, after), after.indexOf(result))
    // GigaChat 3 ends its message before a call, so that the engine ends the answer.
    if (text.includes('function call<|role_sep|>')) return expect(text).toContain('<|message_sep|>')
    const expected = made.slice(0, written[file])
    const { calls: read } = await readAnswer({ modelPath, request, text })
    expect(read.map(({ name, input }) => ({ name, input }))).toEqual(
      expected.map(({ name, input }) => ({ name, input })),
    )
  })
})

/** Conversations with a text in every place where one of a caller or a tool can be; no template takes all of them. */
function everywhere(text: string): ChatRequest[] {
  const user = { role: 'user', content: `a${text}b` } as const
  const described = {
    name: 'get_weather',
    description: `Get${text} it.`,
    input: { type: 'object', properties: { city: { type: 'string', description: `a${text}` } } },
  } as const
  const called = {
    type: 'tool-call',
    id: 'call00001',
    name: 'get_weather',
    input: { city: `a${text}b` },
  } as const
  const result = { type: 'tool-result', id: 'call00001', name: 'get_weather', output: `a${text}b` } as const
  const answers = [{ role: 'assistant', content: `a${text}b` }, user] as const
  return [
    { messages: [user] },
    { messages: [user, ...answers] },
    { messages: [{ role: 'system', content: `a${text}b` }, user, ...answers] },
    { messages: [user], tools: [described] },
    {
      messages: [user, { role: 'assistant', content: [called] }, { role: 'tool', content: [result] }],
      tools: [described],
    },
  ]
}

describe.skipIf(files.length === 0)('no text becomes a control token', () => {
  let llama: Llama
  beforeAll(async () => {
    llama = await getLlama({ build: 'never', gpu: false })
  })
  afterAll(() => llama.dispose())

  it.each(files.length === 0 ? ['no files'] : files)('of %s', async (file) => {
    const modelPath = join(folder, file)
    const model = await llama.loadModel({ modelPath, vocabOnly: true })
    const source = JSON.stringify(model.fileInfo.metadata.tokenizer)
    const special = new Map(
      [...model.iterateAllTokens()].flatMap((token) => {
        const { control, userDefined } = model.getTokenAttributes(token)
        const text = model.detokenize([token], true)
        const framing =
          control ||
          model.isEogToken(token) ||
          (userDefined && source.includes(JSON.stringify(text).slice(1, -1)))
        return framing && text !== '' ? [[token, text]] : []
      }),
    )
    await model.dispose()
    const frame = async (request: ChatRequest) => {
      try {
        const { tokens, pieces } = await renderPrompt({ modelPath, request })
        return {
          special: tokens.filter((token) => special.has(token as Token)),
          text: pieces.map(({ text }) => text).join(''),
        }
      } catch (error) {
        return { code: (error as LlmError).code }
      }
    }
    const texts = [...special.values()]
    const plain = await Promise.all(everywhere('x').map(frame))
    let rendered = 0
    for (const text of [texts.join(' '), texts.join(''), ...texts])
      for (const [index, request] of everywhere(text).entries()) {
        const got = await frame(request)
        expect(got.code, `${text} in conversation ${index}`).toBe(plain[index]?.code)
        if (got.text === undefined) continue
        expect(got.special, `${text} in conversation ${index}`).toEqual(plain[index]?.special)
        expect(got.text).toContain(index === 0 ? `a${text}b` : '')
        rendered++
      }
    expect(special.size).toBeGreaterThan(0)
    // Firefunction and the variants for tools alone take few of them.
    if (!/firefunction|tool_use/.test(file)) expect(rendered).toBeGreaterThan(texts.length)
  })
})

/** Length of what both begin with, without a sign that has only begun. */
function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return one.slice(0, length).replace(/<[^<>]*$/, '').length
}
