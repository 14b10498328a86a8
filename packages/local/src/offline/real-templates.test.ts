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

describe.skipIf(files.length === 0).each(files.length === 0 ? ['no files'] : files)('%s', (file) => {
  const modelPath = join(folder, file)

  it.each([1, 2])('reads %s of its calls back', async (count) => {
    const made = calls.slice(0, count)
    const request: ChatRequest = { messages: [question], tools }
    const prompt = await promptOf(modelPath, request)
    const results = made.map(({ id, name }) => ({ type: 'tool-result', id, name, output: 'RESULT' }) as const)
    const history: ChatRequest['messages'] = [
      question,
      { role: 'assistant', content: [...made] },
      { role: 'tool', content: results },
    ]
    const after = await promptOf(modelPath, { messages: history, tools })
    if (typeof prompt !== 'string' || typeof after !== 'string')
      return expect([prompt, after].find((one) => typeof one !== 'string')).toMatchObject({
        code: 'unsupported',
      })
    // Templates that leave an empty thought of the prompt out again, or write one call alone, or none.
    const written = after.slice(prompt.length, after.indexOf('RESULT'))
    const hasAll = made.every((_, index) => written.includes(['Zürich', 'Europe/Zurich'][index] as string))
    if (!after.startsWith(prompt) || !hasAll) return expect(after).toContain('get_weather')
    // GigaChat 3 ends its message before a call, so that the engine ends the answer.
    if (written.includes('function call<|role_sep|>')) return expect(written).toContain('<|message_sep|>')
    const { calls: read } = await readAnswer({ modelPath, request, text: written })
    expect(read.map(({ name, input }) => ({ name, input }))).toEqual(
      made.map(({ name, input }) => ({ name, input })),
    )
  })
})
