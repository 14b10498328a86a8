// The conversation as a code sample: for Patchbay, for OpenAI's client, for curl.
import type { Message, Part } from '@patchbay/core'
import type { RequestOptions } from './settings.js'

/** What code is made for. */
export type Language = 'patchbay' | 'openai' | 'curl'

export const languages: Record<Language, string> = {
  patchbay: 'Patchbay (TypeScript)',
  openai: 'openai (TypeScript)',
  curl: 'curl',
}

/** Bytes are not written down. */
export function codeSample(
  language: Language,
  model: string,
  messages: readonly Message[],
  wanted: RequestOptions,
  origin: string,
): string {
  const { system, ...options } = wanted
  if (language === 'patchbay') {
    const request = { ...(system !== undefined && { system }), messages: messages.map(short), ...options }
    return [
      `import { connect } from '@patchbay/config'`,
      '',
      `const provider = await connect(${model === 'default' ? '' : literal(model)})`,
      `const stream = provider.stream(${literal(request)})`,
      'for await (const text of stream.text) process.stdout.write(text)',
      'await provider.close()',
      '',
    ].join('\n')
  }
  const body = {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...messages.flatMap(toWire),
    ],
    ...toOptions(options),
    stream: true,
  }
  if (language === 'openai')
    return [
      `import OpenAI from 'openai'`,
      '',
      `const client = new OpenAI({ baseURL: ${literal(`${origin}/v1`)}, apiKey: process.env.PATCHBAY_KEY ?? 'none' })`,
      `const stream = await client.chat.completions.create(${literal(body)})`,
      `for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? '')`,
      '',
    ].join('\n')
  return [
    `curl -N ${origin}/v1/chat/completions \\`,
    `  -H 'content-type: application/json' \\`,
    `  -H "authorization: Bearer $PATCHBAY_KEY" \\`,
    `  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`,
    '',
  ].join('\n')
}

/** As TypeScript would be written: names without quotes where they need none. */
function literal(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .replace(/^( *)"([A-Za-z_$][\w$]*)":/gm, '$1$2:')
    .replaceAll(/"((?:[^"\\]|\\.)*)"/g, (whole, text: string) =>
      text.includes("'") ? whole : `'${text.replaceAll('\\"', '"')}'`,
    )
}

function short({ role, content }: Message): { role: string; content: unknown } {
  if (typeof content === 'string') return { role, content }
  const [only] = content
  const text = content.length === 1 && only?.type === 'text' ? only.text : undefined
  return { role, content: text ?? content.map(({ opaque: _, ...part }) => withoutBytes(part as Part)) }
}

function withoutBytes(part: Part): unknown {
  return 'data' in part && part.data !== undefined ? { ...part, data: '…base64…' } : part
}

function toWire({ role, content }: Message): object[] {
  const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const results = parts.flatMap((part) =>
    part.type === 'tool-result' ? [{ role: 'tool', tool_call_id: part.id, content: part.output }] : [],
  )
  if (role === 'tool') return results
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            id: part.id,
            type: 'function',
            function: { name: part.name, arguments: JSON.stringify(part.input) },
          },
        ]
      : [],
  )
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const images = parts.flatMap((part) =>
    part.type === 'image'
      ? [{ type: 'image_url', image_url: { url: part.url ?? `data:${part.mediaType};base64,…` } }]
      : [],
  )
  return [
    {
      role,
      content: images.length > 0 ? [{ type: 'text', text }, ...images] : text,
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

function toOptions({
  temperature,
  topP,
  maxOutputTokens,
  seed,
  stop,
  reasoning,
  output,
  tools,
}: Omit<RequestOptions, 'system'>): object {
  const options = {
    temperature,
    top_p: topP,
    max_completion_tokens: maxOutputTokens,
    seed,
    stop,
    reasoning_effort: reasoning === 'off' ? 'none' : reasoning,
    response_format: output && {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: output.schema },
    },
    tools: tools?.map(({ name, description, input }) => ({
      type: 'function',
      function: { name, description, parameters: input },
    })),
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
