import { claude } from '@patchbay/claude'
import { openai } from '@patchbay/openai'
import { ollama } from '@patchbay/ollama'
import { local } from '@patchbay/local'
import { connect } from '@patchbay/config'
import { generateObject, runTools, tool, streamObject, streamElements } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing/mock'
import { toUiStream } from '@patchbay/ai-sdk'
import { limit, cache, fallback, breaker, budget, hedge, loadBalance, trace, log } from '@patchbay/policies'
import { it } from 'vitest'
import * as z from 'zod'
const odd = (v: unknown) => v as never
const llm = () => mockProvider({ answers: [...'abcdefghijklmnopqrstuvwxyz'] })
const t = tool({ name: 'a', input: { type: 'object' }, run: () => 'x' })
const doors: Record<string, () => unknown> = {
  signal: () => llm().chat(odd({ messages: 'x', signal: AbortSignal.abort() })),
  maxTokens: () => llm().chat(odd({ messages: 'x', maxTokens: 3 })),
  toolsRecord: () => llm().chat(odd({ messages: 'x', tools: { t } })),
  toolsRecordRun: () => runTools(llm(), odd({ messages: 'x', tools: { t } })).result(),
  conc: () => limit(llm(), odd({ concurency: 3 })),
  apikey: () => openai('gpt-5', odd({ apikey: 'x' })),
  temp2: () => llm().chat('x', odd({ temperature: 5 })),
  temp5: () => llm().chat({messages: 'x', temperature: 5 }),
  opneai: () => openai('m', { apiKey: 'k' }).chat(odd({ messages: 'x', providerOptions: { opneai: { a: 1 } } })),
  defaultsMessages: () => openai('m', { apiKey: 'k', defaults: odd({ messages: 'x' }) }),
  defaultsMessagesMock: () => mockProvider(odd({ defaults: { messages: 'x' } })).chat('y'),
  defaultsTypo: () => openai('m', { apiKey: 'k', defaults: odd({ temprature: 1 }) }),
  claudeEmpty: () => claude(''),
  toolStr: () => runTools(llm(), { messages: 'x', tools: [odd({ name: 'a', input: z.string() })] }).result(),
  baseUrl: () => openai('m', { apiKey: 'k', baseURL: 'not a url' }),
  baseUrlC: () => claude('m', { apiKey: 'k', baseURL: 'not a url' }),
  baseUrlO: () => ollama('m', { baseURL: 'not a url' }),
  maxOut: () => llm().chat({ messages: 'x', maxOutputTokens: -1 }),
  sysTool: () => llm().chat({ messages: [odd({ role: 'system', content: [{ type: 'tool-call', id: 'a', name: 'b', input: {} }] }), 'x'] }),
  twice: async () => { const s = llm().stream('x'); for await (const _ of s); for await (const _ of s); },
  connectUnknown: () => connect('gogle:gemini'),
  connectGoogle: () => connect('google:gemini-3'),
  prov: () => llm().chat(odd({ messages: 'x', providerOptions: 'x' })),
  toolNoRunMisp: () => llm().chat({ messages: 'x', tools: [odd({ name: 'a', input: {}, exec: () => 1 })] }),
  toolExec: () => tool(odd({ name: 'a', inputSchema: {}, execute: () => 1 })),
  objTypo: () => generateObject(llm(), {}, 'x', odd({ repair: 1 })),
  objMaxRepairs: () => generateObject(llm(), {}, 'x', odd({ maxRepairs: 1 })),
  strObjTypo: () => streamObject(llm(), {}, 'x', odd({ nmae: 1 })).result(),
  elTypo: () => streamElements(llm(), {}, 'x', odd({ repairs: 1 })).result(),
  runTypo: () => runTools(llm(), 'x', odd({ maxStep: 1 })).result(),
  embedTypo: () => llm().embed(odd({ inputs: ['x'] })),
  embedTypo2: () => llm().embed(odd({ input: ['x'], dimension: 3 })),
  promptObj: () => llm().chat(odd({ prompt: 'x' })),
  msgObj: () => llm().chat(odd({ role: 'user', content: 'x' })),
  emptyStr: () => llm().chat(''),
  undef: () => llm().chat(odd(undefined)),
  num: () => llm().chat(odd(5)),
  chatModel: () => llm().chat(odd({ messages: 'x', model: 'gpt-5' })),
  streamTrue: () => llm().chat(odd({ messages: 'x', stream: true })),
  responseFormat: () => llm().chat(odd({ messages: 'x', response_format: {} })),
  topp: () => llm().chat(odd({ messages: 'x', top_p: 1 })),
  systemMsg: () => llm().chat(odd({ messages: 'x', systemPrompt: 'x' })),
  stopStr: () => llm().chat(odd({ messages: 'x', stop: 'x' })),
  fallbackOne: () => fallback(odd(llm())),
  cacheOf: () => cache(odd('x')),
  reasoning: () => llm().chat(odd({ messages: 'x', reasoning: 'hgh' })),
  noTool: () => runTools(mockProvider({answers: [{toolCalls: [{name:'nope', input: {}}]}, 'x']}), { messages: 'x', tools: [t] }).result().then(r => r.failures),
  bug: () => runTools(mockProvider({answers: [{toolCalls: [{name:'a', input: {}}]}, 'x']}), { messages: 'x', tools: [{...t, run: () => { throw new ReferenceError('xx is not defined') }}] }).result().then(r => r.failures),
  json: async () => { const r = await llm().chat([{ role: 'user', content: [{ type: 'image', data: JSON.parse(JSON.stringify(new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]))), mediaType: 'image/png' }] }]); return r.text },
  jsonBuf: async () => { const r = await llm().chat([{ role: 'user', content: [{ type: 'image', data: JSON.parse(JSON.stringify(Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]))), mediaType: 'image/png' }] }]); return r.text },
}
it('x', async () => {
  for (const [d, f] of Object.entries(doors)) {
    const r = await (async () => f())().then((v) => `OK!!! ${JSON.stringify(v)?.slice(0, 300)}`, (e) => `${e.code} ${e.message}`)
    process.stdout.write(`${d}: ${r}\n`)
  }
})
