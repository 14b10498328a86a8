// Small chat templates of our own, one for each way in which families of models think.

export interface ThinkingTemplate {
  family: string
  /** Signs of the thinking. */
  open: string
  close: string
  /** The part of an assistant message before its text; `m` is the message. */
  thought: string
  /** What stands between a thought and the text's frame. */
  head?: string
  /** Only with all of its vocabulary does the engine not take one of the signs for the end of an answer. */
  lettersOnly?: true
  /** How the text of an answer is framed. */
  answer?: [before: string, after: string]
  /** What the prompt ends with after the head of the answer. */
  prompt?: string
  /** What stands before the template. */
  before?: string
  /** Where the answer begins without a word about thinking, if `reasoning` is not set, and if it is. */
  default: 'may think' | 'thinks' | 'does not think'
  on: 'may think' | 'thinks'
  /** What the prompt ends with if thinking is switched off; `undefined`: it cannot be. */
  off: string | undefined
  /** How it is switched off, for people. */
  how: string
}

const think = { open: '<think>', close: '</think>' }
const kept = '{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}'
const keptShort = '{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}'
const isOff = 'enable_thinking is defined and not enable_thinking'

export const thinkingTemplates: ThinkingTemplate[] = [
  {
    family: 'Qwen3, SmolLM3, Bielik, Reka, MiniCPM5',
    ...think,
    thought: kept,
    prompt: `{% if ${isOff} %}<think>\n\n</think>\n\n{% endif %}`,
    default: 'may think',
    on: 'may think',
    off: '<think>\n\n</think>\n\n',
    how: 'template',
  },
  {
    family: 'Qwen3.5, Nemotron 3',
    ...think,
    thought: kept,
    prompt: `<think>\n{% if ${isOff} %}{{ '\\n</think>\\n\\n' }}{% endif %}`,
    default: 'thinks',
    on: 'thinks',
    off: '<think>\n\n</think>\n\n',
    how: 'template',
  },
  {
    family: 'QwQ, DeepSeek R1, StepFun, MiniMax M2, Nemotron Nano 2',
    ...think,
    thought: kept,
    prompt: '<think>\n',
    default: 'thinks',
    on: 'thinks',
    off: '<think>\n\n</think>\n\n',
    how: 'empty thought',
  },
  {
    family: 'Kimi K2 Thinking, LFM2.5, MiniMax M1',
    ...think,
    thought: keptShort,
    default: 'may think',
    on: 'may think',
    off: '<think>\n\n</think>\n\n',
    how: 'empty thought',
  },
  {
    family: 'GLM 4.6',
    ...think,
    thought: keptShort,
    prompt: `{% if ${isOff} %}<think></think>{% endif %}`,
    default: 'may think',
    on: 'may think',
    off: '<think></think>',
    how: 'template',
  },
  {
    family: 'GLM 4.7, Laguna',
    ...think,
    thought: keptShort,
    prompt: `{% if ${isOff} %}</think>{% else %}<think>{% endif %}`,
    default: 'thinks',
    on: 'thinks',
    off: '</think>',
    how: 'template',
  },
  {
    family: 'DeepSeek V3.1, V3.2, V4',
    ...think,
    thought: keptShort,
    prompt: '{% if thinking %}<think>{% else %}<think></think>{% endif %}',
    default: 'does not think',
    on: 'thinks',
    off: '<think></think>',
    how: 'off unless `reasoning` is set',
  },
  {
    family: 'gpt-oss',
    open: '<|channel|>analysis<|message|>',
    close: '<|end|>',
    thought:
      '{% if m.thinking %}<|channel|>analysis<|message|>{{ m.thinking }}<|end|><|start|>assistant{% endif %}',
    head: '<|start|>assistant',
    lettersOnly: true,
    answer: ['<|channel|>final<|message|>', ''],
    before: '{# <|channel|>commentary<|message|> #}Reasoning: {{ reasoning_effort or "medium" }}\n',
    default: 'may think',
    on: 'may think',
    off: undefined,
    how: 'never; `low` to `high`',
  },
  {
    family: 'Muse',
    open: ' to=self<|message|>',
    close: '<|eom|>',
    thought: '{% if m.reasoning %} to=self<|message|>{{ m.reasoning }}<|eom|><|start|>assistant{% endif %}',
    head: '<|start|>assistant',
    answer: [' to=user<|message|>', ''],
    default: 'may think',
    on: 'may think',
    off: undefined,
    how: 'never',
  },
  {
    family: 'Gemma 4',
    open: '<|channel>thought',
    close: '<channel|>',
    thought: '{% if m.reasoning_content %}<|channel>thought\n{{ m.reasoning_content }}<channel|>{% endif %}',
    prompt: '{% if not enable_thinking %}<|channel>thought\n<channel|>{% endif %}',
    default: 'does not think',
    on: 'may think',
    off: '<|channel>thought\n<channel|>',
    how: 'off unless `reasoning` is set',
  },
  {
    family: 'Command R7B, Command A',
    open: '<|START_THINKING|>',
    close: '<|END_THINKING|>',
    thought:
      '{% if m.reasoning_content %}<|START_THINKING|>{{ m.reasoning_content }}<|END_THINKING|>{% endif %}',
    answer: ['<|START_RESPONSE|>', '<|END_RESPONSE|>'],
    before: '{# <|START_ACTION|> #}',
    prompt: '{% if not enable_thinking %}<|START_THINKING|><|END_THINKING|>{% endif %}',
    default: 'does not think',
    on: 'may think',
    off: '<|START_THINKING|><|END_THINKING|>',
    how: 'off unless `reasoning` is set',
  },
  {
    family: 'Granite 3.3',
    ...think,
    thought: '{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}',
    answer: ['<response>', '</response>'],
    before: '{# <think></think> and <response></response> #}',
    default: 'may think',
    on: 'may think',
    off: '<think>\n\n</think>\n\n',
    how: 'empty thought',
  },
  {
    family: 'Ministral 3, Magistral',
    open: '[THINK]',
    close: '[/THINK]',
    thought:
      "{% if m.content is not string %}{% for part in m.content if part.type == 'thinking' %}[THINK]{{ part.thinking }}[/THINK]{% endfor %}{% endif %}",
    default: 'may think',
    on: 'may think',
    off: '[THINK][/THINK]',
    how: 'empty thought',
  },
  {
    family: 'Seed-OSS',
    open: '<seed:think>',
    close: '</seed:think>',
    thought: '{% if m.reasoning_content %}<seed:think>{{ m.reasoning_content }}</seed:think>{% endif %}',
    prompt: '{% if thinking_budget == 0 %}<seed:think>\nNone.</seed:think>{% endif %}',
    default: 'may think',
    on: 'may think',
    off: '<seed:think>\nNone.</seed:think>',
    how: 'template',
  },
  {
    family: 'Apertus',
    open: '<|inner_prefix|>',
    close: '<|inner_suffix|>',
    thought:
      '{% if m.reasoning_content %}<|inner_prefix|>{{ m.reasoning_content }}<|inner_suffix|>{% endif %}',
    default: 'may think',
    on: 'may think',
    off: '<|inner_prefix|><|inner_suffix|>',
    how: 'empty thought',
  },
  {
    family: 'Solar Open',
    open: '<|think|>',
    close: '<|end|>',
    thought: '{% if m.reasoning %}<|think|>{{ m.reasoning }}<|end|><|begin|>assistant{% endif %}',
    head: '<|begin|>assistant',
    lettersOnly: true,
    answer: ['<|content|>', ''],
    prompt: "{% if reasoning_effort in ['minimal', 'low'] %}<|think|><|end|><|begin|>assistant{% endif %}",
    default: 'may think',
    on: 'may think',
    off: '<|think|><|end|><|begin|>assistant',
    how: 'template',
  },
  {
    family: 'Kimi K3',
    open: '<|open|>think<|sep|>',
    close: '<|close|>think<|sep|>',
    thought:
      '{% if m.reasoning_content %}<|open|>think<|sep|>{{ m.reasoning_content }}<|close|>think<|sep|>{% endif %}',
    answer: ['<|open|>response<|sep|>', '<|close|>response<|sep|>'],
    prompt:
      '{% if thinking is defined and not thinking %}<|open|>response<|sep|>{% else %}<|open|>think<|sep|>{% endif %}',
    default: 'thinks',
    on: 'thinks',
    off: '<|open|>response<|sep|>',
    how: 'template',
  },
  {
    family: 'MiniMax M3',
    open: '<mm:think>',
    close: '</mm:think>',
    thought: '{% if m.reasoning_content %}<mm:think>{{ m.reasoning_content }}</mm:think>{% endif %}',
    prompt:
      "{% if thinking_mode == 'disabled' %}</mm:think>{% elif thinking_mode == 'enabled' %}<mm:think>{% endif %}",
    default: 'may think',
    on: 'thinks',
    off: '</mm:think>',
    how: 'template',
  },
  {
    family: 'Hunyuan 3',
    open: '<think:opensource>',
    close: '</think:opensource>',
    before: "{% set suffix = ':opensource' %}{# <think{}> #}",
    thought:
      '{% if m.reasoning_content %}<think:opensource>{{ m.reasoning_content }}</think:opensource>{% endif %}',
    prompt:
      "{% if reasoning_effort == 'no_think' %}<think:opensource></think:opensource>{% elif reasoning_effort %}<think:opensource>{% endif %}",
    default: 'may think',
    on: 'thinks',
    off: '<think:opensource></think:opensource>',
    how: 'template',
  },
  {
    family: 'Apriel 1.6',
    open: 'Here are my reasoning steps:',
    close: '[BEGIN FINAL RESPONSE]',
    before: "{% set start = 'Here are my reasoning steps:\\n' %}",
    thought:
      '{% if m.reasoning_content %}Here are my reasoning steps:\n{{ m.reasoning_content }}\n[BEGIN FINAL RESPONSE]\n{% endif %}',
    prompt: '{{ start }}',
    default: 'thinks',
    on: 'thinks',
    off: 'Here are my reasoning steps:\n[BEGIN FINAL RESPONSE]',
    how: 'empty thought',
  },
]

/** A whole template around the thinking. */
export function thinkingTemplateOf(family: ThinkingTemplate): string {
  const { thought, answer: [before, after] = ['', ''], prompt = '', before: start = '' } = family
  const text =
    "{{ m.content if m.content is string else m.content | selectattr('text', 'defined') | map(attribute='text') | join }}"
  return `${start}{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.role == 'assistant' %}${thought}${before}${text}${after}{% else %}{{ m.content }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
${prompt}{% endif %}`
}
