// Requests of up to 20 MiB that are made to be slow.
const megabyte = 1024 * 1024
const mostBytes = 20 * megabyte - 1000

const chat = (content: string) =>
  `{"model":"default","max_tokens":5,"messages":[{"role":"user","content":${content}}]}`
const filled = (piece: string, bytes = mostBytes) => piece.repeat(Math.floor(bytes / piece.length))
const list = (piece: string, bytes = mostBytes) => `[${filled(`${piece},`, bytes - piece.length)}${piece}]`

/** Bodies by what is hostile in them, and the path that takes them. */
export const hostile: Record<string, [path: string, body: () => string]> = {
  'one string': ['/v1/chat/completions', () => chat(`"${filled('x')}"`)],
  'one string of Chinese': ['/v1/chat/completions', () => chat(`"${filled('長', mostBytes / 3)}"`)],
  'one string of quotes': ['/v1/chat/completions', () => chat(`"${filled('\\"')}"`)],
  'one string of escapes': ['/v1/chat/completions', () => chat(`"${filled('\\u0041')}"`)],
  'one string of backslashes': ['/v1/chat/completions', () => chat(`"${filled('\\\\')}"`)],
  'a data URL': [
    '/v1/chat/completions',
    () => chat(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,${filled('iVBO')}"}}]`),
  ],
  'a data URL of parameters': [
    '/v1/chat/completions',
    () => chat(`[{"type":"image_url","image_url":{"url":"data:a;${filled('=;')}"}}]`),
  ],
  'sound that is a data URL': [
    '/v1/chat/completions',
    () => chat(`[{"type":"input_audio","input_audio":{"format":"wav","data":"data:a;${filled('=')}"}}]`),
  ],
  'an image of line ends': [
    '/api/chat',
    () => `{"messages":[{"role":"user","content":"x","images":["A${filled('\\n')}!"]}]}`,
  ],
  'a document': [
    '/v1/messages',
    () =>
      chat(
        `[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"${filled('JVBE')}"}}]`,
      ),
  ],
  'a document of text': [
    '/v1/messages',
    () =>
      chat(
        `[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"${filled('text')}"}}]`,
      ),
  ],
  'many small messages': [
    '/v1/chat/completions',
    () => `{"messages":${list('{"role":"user","content":"x"}')}}`,
  ],
  'many messages that are allowed': [
    '/v1/chat/completions',
    () => `{"messages":${list('{"role":"user","content":"x"}', 450_000)}}`,
  ],
  'many large messages': [
    '/v1/chat/completions',
    () => `{"messages":${list(`{"role":"user","content":"${'word '.repeat(300)}"}`)}}`,
  ],
  'many small items': ['/v1/responses', () => `{"input":${list('{"role":"user","content":"x"}', 450_000)}}`],
  'many small blocks': [
    '/v1/messages',
    () =>
      `{"max_tokens":5,"messages":[{"role":"user","content":${list('{"type":"text","text":"x"}', 450_000)}}]}`,
  ],
  'many calls': [
    '/v1/chat/completions',
    () => {
      const call = '{"id":"a","function":{"name":"t","arguments":"{}"}}'
      return `{"messages":[{"role":"assistant","content":"","tool_calls":${list(call, 450_000)}},{"role":"user","content":"x"}]}`
    },
  ],
  'arguments of one call': [
    '/v1/chat/completions',
    () =>
      `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"t","arguments":"${filled(
        '[1,2],',
        mostBytes - 1000,
      )
        .replace(/^/, '[')
        .replace(/,$/, ']')}"}}]},{"role":"tool","tool_call_id":"a","content":"x"}]}`,
  ],
  'many tools': [
    '/v1/chat/completions',
    () => {
      const tools = Array.from(
        { length: 20_000 },
        (_, at) => `{"type":"function","function":{"name":"t${at}"}}`,
      )
      return `{"messages":[{"role":"user","content":"x"}],"tools":[${tools}]}`
    },
  ],
  'a large schema': [
    '/v1/chat/completions',
    () => {
      const names = Array.from({ length: 20_000 }, (_, at) => `"p${at}":{"type":"string"}`)
      return `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"t","parameters":{"type":"object","properties":{${names}}}}}]}`
    },
  ],
  'an enumeration': [
    '/v1/chat/completions',
    () =>
      `{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"enum":${list('"abc"')}}}}}`,
  ],
  'deep nesting': ['/v1/chat/completions', () => filled('[')],
  'deep objects': ['/v1/chat/completions', () => filled('{"a":')],
  'many keys': [
    '/v1/chat/completions',
    () => `{${Array.from({ length: 1_400_000 }, (_, at) => `"k${at}":1`)}}`,
  ],
  'many keys of metadata': [
    '/v1/chat/completions',
    () =>
      `{"messages":[{"role":"user","content":"x"}],"metadata":{${Array.from({ length: 40_000 }, (_, at) => `"k${at}":"x"`)}}}`,
  ],
  'many numbers': ['/v1/chat/completions', () => list('0')],
  'one long number': ['/v1/chat/completions', () => chat(filled('9'))],
  spaces: ['/v1/chat/completions', () => `${filled(' ')}{}`],
  'many texts to embed': ['/v1/embeddings', () => `{"input":${list('"x"', 400_000)}}`],
  'a hundred thousand texts to embed': [
    '/v1/embeddings',
    () => `{"input":[${Array.from({ length: 100_000 }, () => `"${'x'.repeat(100)}"`)}]}`,
  ],
  'stop sequences': [
    '/v1/chat/completions',
    () => `{"messages":[{"role":"user","content":"x"}],"stop":${list('"x"', 200_000)}}`,
  ],
  'a name': [
    '/v1/chat/completions',
    () => `{"messages":[{"role":"user","content":"x"}],"model":"${filled('m')}"}`,
  ],
  'a key': ['/v1/chat/completions', () => `{"${filled('k')}":1}`],
  'no JSON': ['/v1/chat/completions', () => filled('x')],
  'a role': ['/v1/chat/completions', () => `{"messages":[{"content":"x","role":"${filled('\\"')}"}]}`],
  'a type': ['/v1/responses', () => `{"input":[{"type":"${filled('x')}"}]}`],
  'an id': [
    '/v1/chat/completions',
    () =>
      `{"messages":[{"role":"assistant","tool_calls":[{"id":"${filled('i')}","function":{"name":"t","arguments":"{}"}}]},{"role":"user","content":"x"}]}`,
  ],
  'spaces in a text': ['/v1/chat/completions', () => chat(`"${filled(' ')}"`)],
  'a description': [
    '/v1/chat/completions',
    () =>
      `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"t","description":"${filled('word ')}"}}]}`,
  ],
  'many tools that are allowed': [
    '/v1/chat/completions',
    () => {
      const tools = Array.from(
        { length: 8000 },
        (_, at) => `{"type":"function","function":{"name":"t${at}","parameters":{}}}`,
      )
      return `{"messages":[{"role":"user","content":"x"}],"tools":[${tools}]}`
    },
  ],
  'stop sequences that are allowed': [
    '/v1/chat/completions',
    () => `{"messages":[{"role":"user","content":"x"}],"stop":${list('"x"', 190_000)}}`,
  ],
  'many images': [
    '/v1/chat/completions',
    () => {
      const image = `{"type":"image_url","image_url":{"url":"data:image/png;base64,${filled('iVBO', 2000)}"}}`
      return chat(list(image, 19_000_000))
    },
  ],
  'messages with images': [
    '/api/chat',
    () =>
      `{"stream":false,"messages":${list(`{"role":"user","content":"x","images":["${filled('iVBO', 2000)}"]}`, 19_000_000)}}`,
  ],
  'arguments in many calls': [
    '/v1/chat/completions',
    () => {
      const nested = `${'['.repeat(150)}${']'.repeat(150)}`
      const call = `{"id":"a","function":{"name":"t","arguments":"${`{\\"a\\":${nested}}`}"}}`
      return `{"messages":[{"role":"assistant","tool_calls":${list(call, 90_000)}},{"role":"user","content":"x"}]}`
    },
  ],
  'many results': [
    '/v1/messages',
    () => {
      const [calls, results] = [
        '{"type":"tool_use","id":"a","name":"t","input":{}}',
        '{"type":"tool_result","tool_use_id":"a","content":"x"}',
      ]
      return `{"max_tokens":5,"messages":[{"role":"assistant","content":${list(calls, 5500 * calls.length)}},{"role":"user","content":${list(results, 5500 * results.length)}}]}`
    },
  ],
  'results without ids': [
    '/api/chat',
    () => {
      const [call, result] = ['{"function":{"name":"t","arguments":{}}}', '{"role":"tool","content":"x"}']
      return `{"stream":false,"messages":[{"role":"assistant","content":"","tool_calls":${list(call, 7000 * call.length)}},${list(result, 7000 * result.length).slice(1)}}`
    },
  ],
  'items of all kinds': [
    '/v1/responses',
    () => {
      const items =
        '{"role":"user","content":"x"},{"type":"reasoning","summary":[{"text":"x"}]},{"type":"function_call","call_id":"a","name":"t","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":[{"type":"input_text","text":"x"}]}'
      return `{"store":false,"input":${list(items, 2000 * items.length)}}`
    },
  ],
  instructions: ['/v1/responses', () => `{"store":false,"input":"x","instructions":"${filled('word ')}"}`],
  'what is kept': ['/v1/responses', () => `{"input":"${filled('word ')}"}`],
  'a system text': [
    '/v1/messages',
    () =>
      `{"max_tokens":5,"messages":[{"role":"user","content":"x"}],"system":[{"type":"text","text":"${filled('word ')}"}]}`,
  ],
  'tokens to count': [
    '/v1/messages/count_tokens',
    () => `{"messages":[{"role":"user","content":"${filled('word ')}"}]}`,
  ],
  'many short texts to embed': ['/v1/embeddings', () => `{"input":${list('"x"', 160_000)}}`],
}
