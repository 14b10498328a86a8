// What each service gets of everything the contract has, as tables for the guide: made by sending each to its strict service.
import { claude } from '@patchbay/claude'
import { type ChatRequest, isLlmError, type Message, type Part } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { openai } from '@patchbay/openai'
import { audio, file, image } from '../../../packages/testing/src/contract/media.js'
import { inMemory } from './in-memory.js'
import { targets } from './targets.js'

const look = { name: 'look', input: { type: 'object' as const, properties: {} } }
const say = { name: 'say', input: { type: 'object' as const, properties: {} } }
const user = (...parts: Part[]): Message => ({
  role: 'user',
  content: [{ type: 'text', text: 'Answer in JSON.' }, ...parts],
})
const asks = (...messages: Message[]): ChatRequest => ({ messages })
const ask = (options: Omit<ChatRequest, 'messages'>): ChatRequest => ({ messages: [user()], ...options })
const call: Message = {
  role: 'assistant',
  content: [{ type: 'tool-call', id: 'call_1', name: 'look', input: {} }],
}
const schema = {
  type: 'object' as const,
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}

const features: Record<string, Record<string, ChatRequest>> = {
  Parts: {
    image: asks(user(image)),
    'file, PDF': asks(user(file)),
    'file, text': asks(user({ type: 'file', mediaType: 'text/csv', data: 'YSxiCjEsMg==', name: 'a.csv' })),
    audio: asks(user(audio)),
    'image in a `tool-result`': asks(user(), call, {
      role: 'tool',
      content: [{ type: 'tool-result', id: 'call_1', output: [image] }],
    }),
    '`system` message later on': asks(
      user(),
      { role: 'assistant', content: 'Yes?' },
      { role: 'system', content: 'Be brief.' },
      user(),
    ),
    '`assistant` message at the end': asks(user(), { role: 'assistant', content: 'It is' }),
    '`cache`': asks({ ...user(), cache: true }),
  },
  Options: {
    '`temperature`': ask({ temperature: 0.5 }),
    '`topP`': ask({ topP: 0.9 }),
    '`topK`': ask({ topK: 5 }),
    '`minP`': ask({ minP: 0.1 }),
    '`seed`': ask({ seed: 1 }),
    '`stop`': ask({ stop: ['END'] }),
    '`frequencyPenalty`': ask({ frequencyPenalty: 0.5 }),
    '`presencePenalty`': ask({ presencePenalty: 0.5 }),
    '`logprobs`': ask({ logprobs: 3 }),
    '`maxOutputTokens`': ask({ maxOutputTokens: 100 }),
    "`reasoning: 'off'`": ask({ reasoning: 'off' }),
    "`reasoning: 'high'`": ask({ reasoning: 'high' }),
    '`reasoning: { budgetTokens }`': ask({ reasoning: { budgetTokens: 2000 }, maxOutputTokens: 5000 }),
    "`output: 'json'`": ask({ output: 'json' }),
    '`output: { schema }`': ask({ output: { schema } }),
  },
  'Tool settings': {
    '`tools`': ask({ tools: [look] }),
    "`toolChoice: 'none'`": ask({ tools: [look], toolChoice: 'none' }),
    "`toolChoice: 'required'`": ask({ tools: [look], toolChoice: 'required' }),
    '`toolChoice: { name }`': ask({ tools: [look, say], toolChoice: { name: 'look' } }),
    '`parallelToolCalls: false`': ask({ tools: [look], parallelToolCalls: false }),
  },
}

const mcp = { name: 'wiki', url: 'https://wiki.example/mcp' }
// Of each maker its own: the others are not sent.
const serverTools: Record<string, ChatRequest['tools']> = {
  'web search': [claude.tools.webSearch(), openai.tools.webSearch(), gemini.tools.googleSearch()],
  'pages by their address': [claude.tools.webFetch(), gemini.tools.urlContext()],
  'code execution': [
    claude.tools.codeExecution(),
    openai.tools.codeInterpreter(),
    gemini.tools.codeExecution(),
  ],
  'file search': [
    openai.tools.fileSearch({ vectorStoreIds: ['vs_1'] }),
    gemini.tools.fileSearch({ stores: ['fileSearchStores/s'] }),
  ],
  'image generation': [openai.tools.imageGeneration()],
  'Google Maps': [gemini.tools.googleMaps()],
  'computer use': [claude.tools.computer({ width: 1024, height: 768 })],
  'MCP connector, Claude': [claude.tools.mcp(mcp)],
  'MCP connector, OpenAI': [openai.tools.mcp(mcp)],
  'web search beside `tools`': [
    look,
    claude.tools.webSearch(),
    openai.tools.webSearch(),
    gemini.tools.googleSearch(),
  ],
}
features['Server tools'] = Object.fromEntries(
  Object.entries(serverTools).map(([name, tools]) => [name, ask({ tools })]),
)

/** Columns of each table: heading and target. */
const groups: Record<string, [heading: string, target: string][]> = {
  Claude: [
    ...['sonnet-5-5', 'opus-5-5', 'haiku-5-5', 'sonnet-5', 'opus-4-7', 'sonnet-4-6', 'haiku-4-5'].map(
      (name): [string, string] => [name, `claude-${name}`],
    ),
  ],
  'Claude on clouds': [
    ['Bedrock, opus-5-5', 'global.anthropic.claude-opus-5-5, Bedrock'],
    ['Bedrock, opus-4-6', 'us.anthropic.claude-opus-4-6-v1, Bedrock'],
    ['Bedrock, sonnet-4-5', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0, Bedrock'],
    ['Vertex AI, sonnet-5-5', 'claude-sonnet-5-5, Vertex AI'],
    ['Vertex AI, opus-4-6', 'claude-opus-4-6, Vertex AI'],
    ['Vertex AI, haiku-4-5', 'claude-haiku-4-5@20251001, Vertex AI'],
  ],
  'Gemini, its own API': [
    'gemini-3.6-flash',
    'gemini-3.1-pro-preview',
    'gemini-2.5-flash',
    'gemini-2.5-pro',
  ].map((name): [string, string] => [name.replace('gemini-', ''), `${name}, its own API`]),
  'OpenAI, Responses': [
    ...['gpt-6-astra', 'gpt-5.6', 'gpt-5.4', 'gpt-5.1', 'gpt-5', 'o3', 'gpt-4o'].map(
      (name): [string, string] => [name, `${name}, Responses`],
    ),
  ],
  'OpenAI, Chat Completions': [
    ...['gpt-6-astra', 'gpt-5.6', 'gpt-5.4', 'gpt-5.1', 'gpt-5', 'o3', 'gpt-4o'].map(
      (name): [string, string] => [name, `${name}, Chat`],
    ),
  ],
  'Services with Chat Completions': [
    ['DeepSeek V4', 'deepseek'],
    ['Mistral', 'mistral'],
    ['Groq gpt-oss', 'groq'],
    ['xAI grok-4', 'xai'],
    ['Gemini 3', 'gemini'],
    ['Kimi K2.5', 'moonshot'],
    ['Cerebras gpt-oss', 'cerebras'],
    ['OpenRouter', 'openrouter'],
  ],
  'Servers of your own': [
    ['vLLM', 'vllm'],
    ['llama-server', 'llama.cpp'],
    ['LM Studio', 'lmstudio'],
    ['Ollama, `ollama()` with qwen3', 'ollama qwen3:0.6b'],
    ['Ollama, `openai()`', 'ollama, Chat'],
  ],
}

const media = { image: 'vision', 'file, PDF': 'files', audio: 'audio' } as const

/** Sent as asked, sent although nobody knows whether the model can use it, sent with a warning, or refused. */
async function outcome(
  target: string,
  feature: string,
  request: ChatRequest,
): Promise<'✓' | '?' | '!' | '–'> {
  const { service: name, make } = targets[target] as (typeof targets)[string]
  const { service, fetch } = inMemory(name, ['{"a":"b"}'])
  try {
    const provider = make(service, { fetch })
    const { warnings } = await provider.chat(request)
    // That a model ends is told of every request.
    if (warnings.some(({ feature }) => feature !== 'model')) return '!'
    if (!(feature in media)) return '✓'
    const capability = media[feature as keyof typeof media]
    return (await provider.capabilities())[capability] === 'unknown' ? '?' : '✓'
  } catch (error) {
    if (isLlmError(error, 'unsupported') && service.refused.length === 0) return '–'
    throw error
  }
}

/** The page of the guide. */
export async function supportPage(): Promise<string> {
  const lines: string[] = []
  for (const [group, columns] of Object.entries(groups)) {
    lines.push(`## ${group}`, '')
    const row = (cells: string[]) => `| ${cells.join(' | ')} |`
    lines.push(row(['', ...columns.map(([heading]) => heading)]), row(['---', ...columns.map(() => ':-:')]))
    for (const [kind, requests] of Object.entries(features)) {
      lines.push(row([`**${kind}**`, ...columns.map(() => '')]))
      for (const [feature, request] of Object.entries(requests)) {
        const cells: string[] = []
        for (const [, target] of columns) cells.push(await outcome(target, feature, request))
        lines.push(row([feature, ...cells]))
      }
    }
    lines.push('')
  }
  return `${head}\n${lines.join('\n')}`
}

const head = `# What each model takes

What becomes of each part, option, tool setting and [server tool](/server-tools) of a request, for the families of models and the services that Patchbay knows:

- ✓ the service gets it;
- ? the service gets it; whether the model can use it depends on the model;
- ! the service gets it in another form, or without what it only wishes for: the answer has a warning that says so;
- – the model or the service does not take it: the call fails with \`unsupported\` before anything is sent. With
  \`onUnsupported: 'warn'\` it is sent without it, and the answer has a warning.

Some combinations are refused although each alone is taken, for example a forced tool while a model reasons. The error names them.
This page is made by sending each of these to [a strict service](/testing), which refuses what the real service refuses; a test keeps it
true.
`
