// The known formats of tool calls. A template is matched with them by what it writes, or by its texts if it writes no calls.
// Last compared with its sources on 2026-11-27.
// Sources: the chat templates of the models themselves on Hugging Face (`chat_template.jinja` or `tokenizer_config.json`), most of
// them as llama.cpp keeps them in `models/templates` under the names of their repositories, and Phi-4-mini, Gemma 3, QwQ and
// DeepSeek-R1-Distill as their own repositories have them. The families of each format are named beside it.
import type { CallFormat } from './call-format.js'
import { gemmaCalls } from './gemma-calls.js'
import { jsonCalls } from './json-calls.js'
import { namedCalls } from './named-calls.js'
import { nestedCalls } from './nested-calls.js'
import { pythonCalls } from './python-calls.js'
import { recipientCalls } from './recipient-calls.js'
import { taggedCalls } from './tagged-calls.js'

const nineCharacters = `"\\"" [a-zA-Z0-9]{9} "\\""`

/** From the most special to the most general: the first one that reads what a template writes is its format. */
export const knownFormats: readonly CallFormat[] = [
  // Seed-OSS.
  taggedCalls({
    name: 'XML parameters',
    open: '<seed:tool_call>',
    call: ['<function=', '>'],
    argument: ['<parameter=', '>'],
    argumentClose: '</parameter>',
    callClose: '</function>',
    close: '</seed:tool_call>',
    space: { open: '\n', element: '\n', call: '\n' },
  }),
  // Qwen3-Coder, Qwen3.5, Nemotron 3, StepFun.
  taggedCalls({
    name: 'XML parameters',
    open: '<tool_call>',
    call: ['<function=', '>'],
    argument: ['<parameter=', '>'],
    argumentClose: '</parameter>',
    callClose: '</function>',
    close: '</tool_call>',
    space: { open: '\n', value: '\n', element: '\n', call: '\n' },
    bare: true,
  }),
  ...['minimax:tool_call', 'atem:function_calls'].map((section) => {
    const prefix = section.startsWith('atem') ? 'atem:' : ''
    return taggedCalls({
      name: 'XML invoke',
      open: `<${section}>`,
      call: [`<${prefix}invoke name="`, '">'],
      argument: [`<${prefix}parameter name="`, '">'],
      argumentClose: `</${prefix}parameter>`,
      callClose: `</${prefix}invoke>`,
      close: `</${section}>`,
      space: { open: '\n', element: '\n', call: '\n' },
      several: true,
    })
  }),
  // DeepSeek V3.2 and V4.
  ...['function_calls', 'tool_calls'].map((section) =>
    taggedCalls({
      name: 'DSML',
      open: `<｜DSML｜${section}>`,
      call: ['<｜DSML｜invoke name="', '">'],
      argument: ['<｜DSML｜parameter name="', '">'],
      typed: { before: '" string="', after: '">', text: 'true', other: 'false' },
      argumentClose: '</｜DSML｜parameter>',
      callClose: '</｜DSML｜invoke>',
      close: `</｜DSML｜${section}>`,
      space: { open: '\n', element: '\n', call: '\n' },
      several: true,
    }),
  ),
  // Kimi K3.
  taggedCalls({
    name: 'Kimi K3',
    open: '<|open|>tools<|sep|>',
    call: ['<|open|>call tool="', '" index="', '"<|sep|>'],
    argument: ['<|open|>argument key="', '"<|sep|>'],
    typed: { before: '" type="', after: '"<|sep|>', text: 'string', other: 'object' },
    argumentClose: '<|close|>argument<|sep|>',
    callClose: '<|close|>call<|sep|>',
    close: '<|close|>tools<|sep|>',
    several: true,
  }),
  // GLM 4.6 and Laguna with line breaks, GLM 4.7 without.
  ...['\n', ''].map((element) =>
    taggedCalls({
      name: 'argument tags',
      open: '<tool_call>',
      call: ['', element],
      argument: ['<arg_key>', '</arg_key>', '<arg_value>'],
      argumentClose: '</arg_value>',
      callClose: '</tool_call>',
      close: '',
      space: { element },
    }),
  ),
  // Hunyuan 3, whose signs have a suffix.
  ...[':opensource', ''].map((suffix) =>
    taggedCalls({
      name: 'argument tags',
      open: `<tool_calls${suffix}>`,
      call: [`<tool_call${suffix}>`, `<tool_sep${suffix}>`],
      argument: [`<arg_key${suffix}>`, `</arg_key${suffix}>`, `<arg_value${suffix}>`],
      argumentClose: `</arg_value${suffix}>`,
      callClose: `</tool_call${suffix}>`,
      close: `</tool_calls${suffix}>`,
      space: { open: '\n', element: '\n', call: '\n' },
      several: true,
    }),
  ),
  // MiniCPM5.
  taggedCalls({
    name: 'XML function',
    open: '',
    call: ['<function name="', '">'],
    argument: ['<param name="', '">'],
    argumentClose: '</param>',
    cdata: true,
    callClose: '</function>',
    close: '',
  }),
  nestedCalls(']<]minimax[>['),
  gemmaCalls,
  // LFM2, whose template writes no calls.
  pythonCalls('<|tool_call_start|>', '<|tool_call_end|>', ['<|tool_list_start|>', 'List of tools: [']),
  namedCalls({
    name: 'harmony',
    open: [
      '<|channel|>commentary to=functions.',
      '<|channel|>analysis to=functions.',
      '<|start|>assistant to=functions.',
      ' to=functions.',
    ],
    afterName: [{ rule: '"<|channel|>commentary"? " " "<|constrain|>"? "json<|message|>"' }],
    nameEnds: ['<|channel|>', '<|constrain|>', ' ', '<|message|>'],
    input: '<|message|>',
    callClose: ['<|call|>'],
  }),
  // Kimi K2.
  namedCalls({
    name: 'Kimi K2',
    open: ['<|tool_calls_section_begin|>'],
    callOpen: '<|tool_call_begin|>',
    beforeName: 'functions.',
    afterName: [':', { rule: '[0-9]{1,4}' }, '<|tool_call_argument_begin|>'],
    nameEnds: ['<|tool_call_argument_begin|>'],
    input: '<|tool_call_argument_begin|>',
    callClose: ['<|tool_call_end|>'],
    close: '<|tool_calls_section_end|>',
    several: true,
  }),
  // DeepSeek R1, with a block of code, and V3.1.
  namedCalls({
    name: 'DeepSeek',
    open: ['<｜tool▁calls▁begin｜>'],
    callOpen: '<｜tool▁call▁begin｜>',
    beforeName: 'function<｜tool▁sep｜>',
    afterName: ['\n```json\n'],
    callClose: ['\n```<｜tool▁call▁end｜>', '```<｜tool▁call▁end｜>'],
    close: '<｜tool▁calls▁end｜>',
    several: true,
  }),
  namedCalls({
    name: 'DeepSeek',
    open: ['<｜tool▁calls▁begin｜>'],
    callOpen: '<｜tool▁call▁begin｜>',
    afterName: ['<｜tool▁sep｜>'],
    callClose: ['<｜tool▁call▁end｜>'],
    close: '<｜tool▁calls▁end｜>',
    several: true,
  }),
  // Mistral Small 3.2, then Devstral and Ministral 3.
  namedCalls({
    name: 'Mistral',
    open: ['[TOOL_CALLS]'],
    afterName: ['[CALL_ID]', { rule: '[a-zA-Z0-9]{9}' }, '[ARGS]'],
    nameEnds: ['[CALL_ID]', '[ARGS]'],
    input: '[ARGS]',
  }),
  namedCalls({ name: 'Mistral', open: ['[TOOL_CALLS]'], afterName: ['[ARGS]'] }),
  // Functionary 3.1.
  namedCalls({ name: 'Functionary', open: ['<function='], afterName: ['>'], callClose: ['</function>'] }),
  recipientCalls,
  namedCalls({
    name: 'Solar',
    open: ['<|tool_calls|>'],
    callOpen: '<|tool_call:begin|>',
    beforeName: ['[a-zA-Z0-9_-]{1,40}', '<|tool_call:name|>'],
    afterName: ['<|tool_call:args|>'],
    callClose: ['<|tool_call:end|>'],
    several: true,
  }),
  jsonCalls({ open: '<tool_call>', close: '</tool_call>', space: '\n' }),
  jsonCalls({
    open: '[TOOL_CALLS]',
    several: 'list',
    idAfter: ['id', nineCharacters],
  }),
  jsonCalls({
    open: '<|START_ACTION|>',
    close: '<|END_ACTION|>',
    several: 'list',
    listSpace: ['\n    ', '\n    ', '\n'],
    nameKey: 'tool_name',
    inputKey: 'parameters',
    idBefore: ['tool_call_id', '"\\"" [0-9]{1,3} "\\""'],
  }),
  // Command R and R+, whose template writes a line break where the models write a space. To answer in words, they first call a
  // tool of their own.
  jsonCalls({
    open: 'Action:\n```json',
    openAlso: ['Action: ```json'],
    uncertain: true,
    close: '```',
    space: '\n',
    several: 'list',
    listSpace: ['\n    ', '\n    ', '\n'],
    nameKey: 'tool_name',
    inputKey: 'parameters',
    noCall: 'directly-answer',
  }),
  jsonCalls({ open: '<TOOLCALL>', close: '</TOOLCALL>', several: 'list' }),
  jsonCalls({ open: '<tool_calls>', close: '</tool_calls>', several: 'list' }),
  jsonCalls({ open: '<tool_calls>', close: '</tool_calls>', several: 'lines', space: '\n' }),
  jsonCalls({ open: '<|tools_prefix|>', close: '<|tools_suffix|>', several: 'list', nameKey: '*' }),
  // Phi-4-mini, whose template writes no calls.
  jsonCalls({ open: '<|tool_call|>', close: '<|/tool_call|>', several: 'list', hints: ['<|/tool|>'] }),
  jsonCalls({ open: '<|tool_call|>', several: 'list' }),
  jsonCalls({ open: '<|function_call|>' }),
  jsonCalls({ open: 'function call<|role_sep|>', space: '\n' }),
  jsonCalls({ open: '<|python_tag|>', inputKey: 'parameters' }),
  // Llama 3: the whole answer.
  jsonCalls({ name: 'bare JSON', open: '', inputKey: 'parameters', prefix: '<|python_tag|>' }),
  jsonCalls({ name: 'bare JSON', open: '' }),
]
