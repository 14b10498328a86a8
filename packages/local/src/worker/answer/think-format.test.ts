// How models write their thinking, read from templates of the common kinds.
import { Template } from '@huggingface/jinja'
import { expect, it } from 'vitest'
import { thinkFormat } from './think-format.js'

const turns = (answer: string, prompt = '') =>
  `{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.role == 'assistant' %}${answer}{% else %}{{ message.content }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
${prompt}{% endif %}`

const formatOf = (template: string) =>
  thinkFormat(
    (messages, add_generation_prompt) => new Template(template).render({ messages, add_generation_prompt }),
    template,
  )

it.each([
  [
    'written before the answer (Qwen)',
    turns(
      '{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n{% endif %}{{ message.content }}',
    ),
    { open: '<think>', close: '</think>' },
  ],
  [
    'with signs of its own',
    turns(
      '{% if message.reasoning_content %}<|thought|>{{ message.reasoning_content }}<|said|>{% endif %}{{ message.content }}',
    ),
    { open: '<|thought|>', close: '<|said|>' },
  ],
  [
    'cut out of the past, and begun by the prompt (DeepSeek)',
    turns("{{ message.content.split('</think>') | last }}", '<think>\n'),
    { open: '<think>', close: '</think>' },
  ],
  [
    'with signs of its own, begun by the prompt',
    turns(
      '{% if message.reasoning_content %}<|thought|>{{ message.reasoning_content }}<|said|>{% endif %}{{ message.content }}',
      '<|thought|>',
    ),
    { open: '<|thought|>', close: '<|said|>' },
  ],
  [
    'in square brackets (Magistral)',
    turns("{{ message.content.split('[/THINK]') | last }}"),
    { open: '[THINK]', close: '[/THINK]' },
  ],
])('%s', (_, template, format) => expect(formatOf(template)).toEqual(format))

it.each([
  ['a template without thinking', turns('{{ message.content }}')],
  ['an error', "{{ raise_exception('no') }}"],
])('%s: nothing', (_, template) => expect(formatOf(template)).toBeUndefined())
