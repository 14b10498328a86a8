// How models write tool calls, read from templates of the common kinds.
import { Template } from '@huggingface/jinja'
import { expect, it } from 'vitest'
import { callFormat } from './call-format.js'

const turns = (call: string, tools = '{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}') =>
  `${tools}{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.content %}{{ message.content }}{% endif %}{% for call in message.tool_calls or [] %}${call}{% endfor %}<|im_end|>
{% endfor %}`

const formatOf = (template: string) =>
  callFormat((messages, tools) => new Template(template).render({ messages, ...(tools && { tools }) }))

it.each([
  [
    'Hermes, Qwen',
    '<tool_call>\n{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>',
    { open: '<tool_call>', lead: '\n', close: '</tool_call>', nameKey: 'name', inputKey: 'arguments' },
  ],
  [
    'Mistral',
    '[TOOL_CALLS][{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}, "id": "{{ call.id }}"}]',
    { open: '[TOOL_CALLS][', lead: '', close: ']', nameKey: 'name', inputKey: 'arguments' },
  ],
  [
    'other names, no end',
    '<|python_tag|>{"type": "function", "tool": "{{ call.function.name }}", "parameters": {{ call.function.arguments | tojson }}}',
    { open: '<|python_tag|>', lead: '', close: '', nameKey: 'tool', inputKey: 'parameters' },
  ],
])('%s', (_, call, format) => expect(formatOf(turns(call))).toEqual(format))

it.each([
  ['no place for tools', turns('', '')],
  ['no calls', turns('')],
  [
    'calls without a sign',
    turns('{"name": "{{ call.function.name }}", "parameters": {{ call.function.arguments | tojson }}}'),
  ],
  ['calls that are no JSON', turns('<call>{{ call.function.name }}(...)</call>')],
  ['an error', "{{ raise_exception('no tools') }}"],
])('%s: nothing', (_, template) => expect(formatOf(template)).toBeUndefined())
