// Conversations that broke a rule of a service once, kept as examples for every target: the conversation, the target that has the
// first turn, and whether answers are streamed.
import type { ChatRequest } from '@patchbay/core'
import { audio } from '../../../packages/testing/src/contract/media.js'

const ask = (request: Omit<ChatRequest, 'messages'>): ChatRequest => ({
  messages: [{ role: 'user', content: 'Hi.' }],
  ...request,
})
const look = { name: 'look', input: { type: 'object' as const } }

const requests: readonly ChatRequest[] = [
  // LM Studio takes no response_format json_object.
  ask({ output: 'json' }),
  // Ollama's Chat Completions take no audio and no GIF, ignore tool_choice, and took no effort minimal.
  { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi.' }, audio] }], onUnsupported: 'warn' },
  {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi.' },
          { type: 'image', mediaType: 'image/gif', data: 'R0lGODlhAQABAAAAACw=' },
        ],
      },
    ],
    onUnsupported: 'warn',
  },
  ask({ tools: [look], toolChoice: 'required', onUnsupported: 'warn' }),
  ask({ reasoning: 'minimal' }),
  // OpenAI takes no alternatives at the top of a tool's schema; Moonshot wants a type everywhere.
  ask({
    tools: [{ name: 'look', input: { anyOf: [{ type: 'object', properties: { at: { type: 'string' } } }] } }],
    onUnsupported: 'warn',
  }),
  ask({
    tools: [{ name: 'look', input: { type: 'object', properties: { any: {} } } }],
    onUnsupported: 'warn',
  }),
]

export const findings = requests.map((request): [request: ChatRequest, from: number, streamed: boolean] => [
  request,
  0,
  true,
])
