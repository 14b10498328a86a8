// Formats of tool calls, detected from the common kinds of templates.
import { Template } from '@huggingface/jinja'
import { expect, it } from 'vitest'
import { detectCallFormat } from './call-format.js'

const turns = (call: string, tools = '{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}') =>
  `${tools}{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.content %}{{ message.content }}{% endif %}{% for call in message.tool_calls or [] %}${call}{% endfor %}<|im_end|>
{% endfor %}`

const formatOf = (template: string) =>
  detectCallFormat((messages, tools) => new Template(template).render({ messages, ...(tools && { tools }) }))

it.each([
  [
    'Hermes, Qwen',
    '<tool_call>\n{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>',
    { open: '<tool_call>', separator: '\n', close: '</tool_call>', nameKey: 'name', inputKey: 'arguments' },
  ],
  [
    'Mistral',
    '[TOOL_CALLS][{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}, "id": "{{ call.id }}"}]',
    { open: '[TOOL_CALLS][', separator: '', close: ']', nameKey: 'name', inputKey: 'arguments' },
  ],
  [
    'other field names, no closing marker',
    '<|python_tag|>{"type": "function", "tool": "{{ call.function.name }}", "parameters": {{ call.function.arguments | tojson }}}',
    { open: '<|python_tag|>', separator: '', close: '', nameKey: 'tool', inputKey: 'parameters' },
  ],
])('%s', (_, call, format) => expect(formatOf(turns(call))).toEqual(format))

it.each([
  ['no support for tools', turns('', '')],
  ['no calls', turns('')],
  [
    'calls without a marker',
    turns('{"name": "{{ call.function.name }}", "parameters": {{ call.function.arguments | tojson }}}'),
  ],
  ['calls that are not JSON', turns('<call>{{ call.function.name }}(...)</call>')],
  ['an error', "{{ raise_exception('no tools') }}"],
])('a template with %s has no format', (_, template) => expect(formatOf(template)).toBeUndefined())
