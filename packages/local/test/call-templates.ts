// Small chat templates of our own, one for each form in which families of models write tool calls.

/** What a family's template writes for the calls of a message `m`. */
export interface CallTemplate {
  family: string
  format: string
  calls: string
  /** One call in a turn at most. */
  single?: boolean
  /** The name of a tool argument's type, as the template writes it, is not needed by the reader. */
  tools?: string
}

const name = '{{ c.function.name }}'
const json = '{{ c.function.arguments | tojson }}'
const each = (call: string, between = '') =>
  `{% for c in m.tool_calls %}${call}${between && `{% if not loop.last %}${between}{% endif %}`}{% endfor %}`
const parameters = (form: string) => `{% for key, value in c.function.arguments.items() %}${form}{% endfor %}`
const bare = '{{ value if value is string else value | tojson }}'
const object = `{"name": "${name}", "arguments": ${json}}`
const gemma = `{% macro gemma(value) %}{% if value is mapping %}{ {%- for k, v in value | dictsort %}{{ k }}:{{ gemma(v) }}{% if not loop.last %},{% endif %}{% endfor -%} }{% elif value is string %}<|"|>{{ value }}<|"|>{% elif value is iterable %}[{% for v in value %}{{ gemma(v) }}{% if not loop.last %},{% endif %}{% endfor %}]{% else %}{{ value | tojson }}{% endif %}{% endmacro %}`
const nested =
  `{% macro xml(value) %}{% if value is mapping %}{% for k, v in value.items() %}]~[<{{ k }}>{{ xml(v) }}]~[</{{ k }}>{% endfor %}{% elif value is string %}{{ value }}{% elif value is iterable %}{% for v in value %}]~[<item>{{ xml(v) }}]~[</item>{% endfor %}{% else %}{{ value | tojson }}{% endif %}{% endmacro %}`.replaceAll(
    ']~[',
    ']<]minimax[>[',
  )
const m3 = ']<]minimax[>['

export const callTemplates: CallTemplate[] = [
  { family: 'Qwen, Hermes', format: 'JSON', calls: each(`\n<tool_call>\n${object}\n</tool_call>`) },
  { family: 'MiniMax M1', format: 'JSON', calls: `<tool_calls>\n${each(`${object}\n`)}</tool_calls>` },
  { family: 'Apriel', format: 'JSON', calls: `<tool_calls>[${each(object, ', ')}]</tool_calls>` },
  { family: 'Nemotron Nano 2', format: 'JSON', calls: `<TOOLCALL>[${each(object, ', ')}]</TOOLCALL>` },
  { family: 'Phi-4-mini', format: 'JSON', calls: `<|tool_call|>[${each(object, ', ')}]<|/tool_call|>` },
  { family: 'Granite 3.3', format: 'JSON', calls: `<|tool_call|>[${each(object, ', ')}]` },
  {
    family: 'Mistral Nemo',
    format: 'JSON',
    calls: `[TOOL_CALLS][${each(`{"name": "${name}", "arguments": ${json}, "id": "{{ c.id }}"}`, ', ')}]`,
  },
  {
    family: 'Command R7B',
    format: 'JSON',
    calls: `<|START_ACTION|>[\n${each(`    {"tool_call_id": "{{ loop.index0 }}", "tool_name": "${name}", "parameters": ${json}}`, ',\n')}\n]<|END_ACTION|>`,
  },
  {
    family: 'Apertus',
    format: 'JSON',
    calls: `<|tools_prefix|>[${each(`{"${name}": ${json}}`, ', ')}]<|tools_suffix|>`,
  },
  { family: 'GigaChat 3.1', format: 'JSON', calls: `<|function_call|>${each(object)}`, single: true },
  {
    family: 'Llama 3',
    format: 'bare JSON',
    calls: each(`{"name": "${name}", "parameters": ${json}}`),
    single: true,
  },
  {
    family: 'Qwen3-Coder, Qwen3.5',
    format: 'XML parameters',
    calls: each(
      `\n<tool_call>\n<function=${name}>\n${parameters(`<parameter={{ key }}>\n${bare}\n</parameter>\n`)}</function>\n</tool_call>`,
    ),
  },
  {
    family: 'Seed-OSS',
    format: 'XML parameters',
    calls: each(
      `\n<seed:tool_call>\n<function=${name}>\n${parameters(`<parameter={{ key }}>${bare}</parameter>\n`)}</function>\n</seed:tool_call>`,
    ),
  },
  {
    family: 'MiniMax M2',
    format: 'XML invoke',
    calls: `\n<minimax:tool_call>\n${each(`<invoke name="${name}">\n${parameters(`<parameter name="{{ key }}">${bare}</parameter>\n`)}</invoke>\n`)}</minimax:tool_call>`,
  },
  {
    family: 'MiniMax M3',
    format: 'nested XML',
    calls: `${nested}${m3}<tool_call>\n${each(`${m3}<invoke name="${name}">{{ xml(c.function.arguments) }}${m3}</invoke>\n`)}${m3}</tool_call>`,
  },
  {
    family: 'DeepSeek V3.2, V4',
    format: 'DSML',
    calls: `\n<｜DSML｜function_calls>\n${each(`<｜DSML｜invoke name="${name}">\n${parameters(`<｜DSML｜parameter name="{{ key }}" string="{{ 'true' if value is string else 'false' }}">${bare}</｜DSML｜parameter>\n`)}</｜DSML｜invoke>\n`)}</｜DSML｜function_calls>`,
  },
  {
    family: 'Kimi K3',
    format: 'Kimi K3',
    calls: `<|open|>tools<|sep|>${each(`<|open|>call tool="${name}" index="{{ loop.index }}"<|sep|>${parameters(`<|open|>argument key="{{ key }}" type="{{ 'string' if value is string else 'object' }}"<|sep|>${bare}<|close|>argument<|sep|>`)}<|close|>call<|sep|>`)}<|close|>tools<|sep|>`,
  },
  {
    family: 'GLM 4.6',
    format: 'argument tags',
    calls: each(
      `\n<tool_call>${name}\n${parameters(`<arg_key>{{ key }}</arg_key>\n<arg_value>${bare}</arg_value>\n`)}</tool_call>`,
    ),
  },
  {
    family: 'GLM 4.7',
    format: 'argument tags',
    calls: each(
      `<tool_call>${name}${parameters(`<arg_key>{{ key }}</arg_key><arg_value>${bare}</arg_value>`)}</tool_call>`,
    ),
  },
  {
    family: 'Hunyuan 3',
    format: 'argument tags',
    calls: `<tool_calls:opensource>\n${each(`<tool_call:opensource>${name}<tool_sep:opensource>\n${parameters(`<arg_key:opensource>{{ key }}</arg_key:opensource>\n<arg_value:opensource>${bare}</arg_value:opensource>\n`)}</tool_call:opensource>\n`)}</tool_calls:opensource>`,
  },
  {
    family: 'MiniCPM5',
    format: 'XML function',
    calls: each(
      `<function name="${name}">${parameters(`<param name="{{ key }}">${bare}</param>`)}</function>`,
      '\n',
    ),
  },
  {
    family: 'Gemma 4',
    format: 'Gemma',
    calls: `${gemma}${each(`<|tool_call>call:${name}{{ gemma(c.function.arguments) }}<tool_call|>`)}`,
  },
  {
    family: 'LFM2',
    format: 'Python',
    calls: `<|tool_call_start|>[${each(`${name}({% for key, value in c.function.arguments.items() %}{{ key }}={{ value | tojson }}{% if not loop.last %}, {% endif %}{% endfor %})`, ', ')}]<|tool_call_end|>`,
  },
  {
    family: 'gpt-oss',
    format: 'harmony',
    calls: each(` to=functions.${name}<|channel|>commentary json<|message|>${json}<|call|>`),
    single: true,
  },
  {
    family: 'Kimi K2',
    format: 'Kimi K2',
    calls: `<|tool_calls_section_begin|>${each(`<|tool_call_begin|>functions.${name}:{{ loop.index0 }}<|tool_call_argument_begin|>${json}<|tool_call_end|>`)}<|tool_calls_section_end|>`,
  },
  {
    family: 'DeepSeek V3.1',
    format: 'DeepSeek',
    calls: `<｜tool▁calls▁begin｜>${each(`<｜tool▁call▁begin｜>${name}<｜tool▁sep｜>${json}<｜tool▁call▁end｜>`)}<｜tool▁calls▁end｜>`,
  },
  {
    family: 'DeepSeek R1',
    format: 'DeepSeek',
    calls: `<｜tool▁calls▁begin｜>${each(`<｜tool▁call▁begin｜>function<｜tool▁sep｜>${name}\n\`\`\`json\n${json}\n\`\`\`<｜tool▁call▁end｜>`, '\n')}<｜tool▁calls▁end｜>`,
  },
  {
    family: 'Mistral Small 3.2',
    format: 'Mistral',
    calls: each(`[TOOL_CALLS]${name}[CALL_ID]{{ c.id }}[ARGS]${json}`),
  },
  { family: 'Devstral, Ministral 3', format: 'Mistral', calls: each(`[TOOL_CALLS]${name}[ARGS]${json}`) },
  { family: 'Functionary 3.1', format: 'Functionary', calls: each(`<function=${name}>${json}</function>`) },
  { family: 'Functionary 3.2', format: 'recipients', calls: each(`>>>${name}\n${json}`) },
  { family: 'GigaChat 3', format: 'JSON', calls: each(`function call<|role_sep|>\n${object}`), single: true },
  {
    family: 'Command R+',
    format: 'JSON',
    calls: `\nAction:\n\`\`\`json\n[\n${each(`    {\n        "tool_name": "${name}",\n        "parameters": ${json}\n    }`, ',\n')}\n]\`\`\``,
  },
  {
    family: 'Solar',
    format: 'Solar',
    calls: `<|tool_calls|>${each(`<|tool_call:begin|>{{ c.id }}<|tool_call:name|>${name}<|tool_call:args|>${json}<|tool_call:end|>`)}`,
  },
  { family: 'an unknown one', format: 'JSON', calls: each(`<call-it>${object}</call-it>`) },
]

/** A whole template around the calls. */
export function templateOf({ calls }: Pick<CallTemplate, 'calls'>): string {
  return `{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% if m.tool_calls %}${calls}{% endif %}<|im_end|>
{% endfor %}`
}
