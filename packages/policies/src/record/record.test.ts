// `record` and `replay`: the content of a cassette, and what is replayed from it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claude } from '@patchbay/claude'
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { record, replay } from '../index.js'

let folder = ''
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-record-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const cassette = () => join(folder, 'deep', `${files++}.json`)
const silent = () => mockProvider({ answers: [new LlmError('network', 'nobody may ask')] })

it('replays answers, streams, failures and embeddings without calling the provider', async () => {
  const file = cassette()
  const inner = mockProvider({
    retry: false,
    answers: [
      { reasoning: 'Hm.', text: 'one two' },
      new LlmError('rate-limited', 'Busy.', { retryAfterMs: 5, status: 429 }),
    ],
  })
  const recorder = record(inner, { file })
  const first = await recorder.chat({ messages: 'x', temperature: 0 })
  await failureOf(recorder.chat('y'))
  const player = replay(silent(), { file })
  expect(await player.chat({ messages: 'x', temperature: 0 })).toEqual({
    ...first,
    timing: expect.anything(),
  })
  expect(await read(player.stream({ messages: 'x', temperature: 0 }))).toBe('one two')
  expect(await failureOf(player.chat('y'))).toMatchObject({
    code: 'rate-limited',
    retryAfterMs: 5,
    status: 429,
    message: 'Busy.',
  })

  const vectors = cassette()
  const told = await record(lettersEmbedder(), { file: vectors }).embed('hello')
  expect(await replay(lettersEmbedder(), { file: vectors }).embed('hello')).toEqual(told)
})

it('fails on a call that is not recorded, and says what to do; or records it', async () => {
  const file = cassette()
  const inner = mockProvider()
  expect(await failureOf(replay(inner, { file }).chat('x'))).toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/unrecorded: 'record'/),
  })
  expect(inner.requests).toHaveLength(0)
  await replay(inner, { file, unrecorded: 'record' }).chat('x')
  expect((await replay(silent(), { file }).chat('x')).text).toBe('x')
  expect(await failureOf(replay(silent(), { file }).chat('other'))).toMatchObject({ code: 'not-found' })
})

it('replays the answers of a repeated call in order, then the last one', async () => {
  const file = cassette()
  const recorder = record(mockProvider({ answers: ['one', 'two'] }), { file })
  await recorder.chat('x')
  await recorder.chat('x')
  const player = replay(silent(), { file })
  const texts = [await player.chat('x'), await player.chat('x'), await player.chat('x')].map(
    ({ text }) => text,
  )
  expect(texts).toEqual(['one', 'two', 'two'])
})

it('writes no keys, no headers and nothing that is scrubbed', async () => {
  const file = cassette()
  const key = `sk-ant-${'a1B2'.repeat(10)}`
  const recorder = record(mockProvider({ answers: [`Your key is ${key}, Ann.`] }), {
    file,
    scrub: (text) => text.replaceAll('Ann', 'A.'),
  })
  const asked = { messages: [{ role: 'user' as const, content: `My key is ${key}.` }] }
  await recorder.chat(asked, { headers: { authorization: 'Bearer secret-token' } })
  const text = await readFile(file, 'utf8')
  expect(text).not.toMatch(/sk-ant|secret-token|Ann/)
  const player = replay(silent(), { file })
  expect((await player.chat(asked, { headers: { authorization: 'Bearer secret-token' } })).text).toBe(
    'Your key is [SECRET], A..',
  )
})

it('writes no token of a server tool, wherever it stands, and replays the call whatever its token is', async () => {
  const file = cassette()
  const tools = (authorizationToken: string) => [
    claude.tools.mcp({ name: 'plans', url: 'https://mcp.example', authorizationToken }),
  ]
  // Short and without a known form: only the tool tells that they are secrets.
  const ask = (token: string) => ({ messages: 'Read the plans', tools: tools(token) })
  const inner = mockProvider({
    provider: 'claude',
    capabilities: { serverTools: ['claude.mcp'] },
    answers: ['The token tiger-7 works.'],
  })
  await record(inner, { file }).chat(ask('tiger-7'))
  const text = await readFile(file, 'utf8')
  expect(text).not.toContain('tiger-7')
  const [{ request }] = JSON.parse(text).calls
  expect(request.serverTools[0].server).not.toHaveProperty('secrets')
  const player = replay(mockProvider({ provider: 'claude', capabilities: { serverTools: ['claude.mcp'] } }), {
    file,
  })
  expect((await player.chat(ask('other'))).text).toBe('The token [SECRET] works.')
})

it('writes all of many concurrent calls, and no aborted ones', async () => {
  const file = cassette()
  const recorder = record(mockProvider(), { file })
  await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => recorder.chat(`question ${index}`)),
    failureOf(recorder.chat('given up', { signal: AbortSignal.abort() })),
  ])
  for await (const event of recorder.stream('left in the middle')) if (event.type === 'text') break
  const { calls } = JSON.parse(await readFile(file, 'utf8'))
  expect(calls).toHaveLength(20)
})

it('refuses a file that is not a cassette', async () => {
  const file = join(folder, 'broken.json')
  await writeFile(file, '{ "half": ')
  expect(await failureOf(replay(silent(), { file }).chat('x'))).toMatchObject({
    code: 'config',
    message: expect.stringContaining('not a cassette'),
  })
})
