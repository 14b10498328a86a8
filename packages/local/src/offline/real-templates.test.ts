// Chat templates of real models, if there is a folder with small GGUF files that hold them: CHAT_TEMPLATES=folder, with
// folder/models/*.gguf. What each template writes for an answer with calls is read back as it was.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatRequest, LlmError } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
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

/** Length of what both begin with, without a sign that has only begun. */
function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return one.slice(0, length).replace(/<[^<>]*$/, '').length
}
