// Table of model families in the README: their tool calls and thinking, from the templates that the tests are made with.
import { callTemplates } from './call-templates.js'
import { thinkingTemplates } from './thinking-templates.js'

const qwen3 = 'Qwen3, SmolLM3, Bielik, Reka, MiniCPM5'
const always = 'QwQ, DeepSeek R1, StepFun, MiniMax M2, Nemotron Nano 2'
const freely = 'Kimi K2 Thinking, LFM2.5, MiniMax M1'
const deepseek = 'DeepSeek V3.1, V3.2, V4'

/** Models, the template of their tool calls, and the template of their thinking. */
const families: [models: string, calls?: string | undefined, thinking?: string][] = [
  ['Apertus', 'Apertus', 'Apertus'],
  ['Apriel 1.5', 'Apriel'],
  ['Apriel 1.6', 'Apriel', 'Apriel 1.6'],
  ['Bielik, Reka', 'Qwen, Hermes', qwen3],
  ['Command R7B, Command A', 'Command R7B', 'Command R7B, Command A'],
  ['DeepSeek R1 and its distillations', undefined, always],
  ['DeepSeek V3.1', undefined, deepseek],
  ['DeepSeek V3.2, V4', 'DeepSeek V3.2, V4', deepseek],
  ['Devstral', 'Devstral, Ministral 3'],
  ['Functionary 3.1', 'Functionary 3.1'],
  ['Gemma 2, Gemma 3'],
  ['Gemma 4', 'Gemma 4', 'Gemma 4'],
  ['GigaChat 3.1', 'GigaChat 3.1'],
  ['GLM 4.6', 'GLM 4.6', 'GLM 4.6'],
  ['GLM 4.7', 'GLM 4.7', 'GLM 4.7, Laguna'],
  ['gpt-oss', 'gpt-oss', 'gpt-oss'],
  ['Granite 3.3', 'Granite 3.3', 'Granite 3.3'],
  ['Granite 4', 'Qwen, Hermes'],
  ['Hermes 2, Hermes 3', 'Qwen, Hermes'],
  ['Hunyuan 3', 'Hunyuan 3', 'Hunyuan 3'],
  ['Kimi K2', 'Kimi K2'],
  ['Kimi K2 Thinking', 'Kimi K2', freely],
  ['Kimi K3', 'Kimi K3', 'Kimi K3'],
  ['Laguna', 'GLM 4.6', 'GLM 4.7, Laguna'],
  ['LFM2', 'LFM2'],
  ['LFM2.5', 'LFM2', freely],
  ['Llama 3.1, 3.2, 3.3', 'Llama 3'],
  ['MiniCPM5', 'MiniCPM5', qwen3],
  ['MiniMax M1', 'MiniMax M1', freely],
  ['MiniMax M2', 'MiniMax M2', always],
  ['MiniMax M3', 'MiniMax M3', 'MiniMax M3'],
  ['Ministral 3', 'Devstral, Ministral 3', 'Ministral 3, Magistral'],
  ['Mistral Nemo', 'Mistral Nemo'],
  ['Mistral Small 3.2', 'Mistral Small 3.2'],
  ['Nemotron 3', 'Qwen3-Coder, Qwen3.5', 'Qwen3.5, Nemotron 3'],
  ['Nemotron Nano 2', 'Nemotron Nano 2', always],
  ['Phi-3.5, Phi-4'],
  ['Phi-4-mini', 'Phi-4-mini'],
  ['Qwen2.5', 'Qwen, Hermes'],
  ['Qwen3', 'Qwen, Hermes', qwen3],
  ['Qwen3-Coder', 'Qwen3-Coder, Qwen3.5'],
  ['Qwen3.5', 'Qwen3-Coder, Qwen3.5', 'Qwen3.5, Nemotron 3'],
  ['QwQ', 'Qwen, Hermes', always],
  ['Seed-OSS', 'Seed-OSS', 'Seed-OSS'],
  ['Solar Open', 'Solar', 'Solar Open'],
  ['StepFun 3.5', 'Qwen3-Coder, Qwen3.5', always],
]

/** The table as Markdown. Every name of a template must be one that the tests know. */
export function familiesTable(): string {
  const rows = families.map(([models, calls, thinking]) => {
    const call = callTemplates.find(({ family }) => family === calls)
    const thought = thinkingTemplates.find(({ family }) => family === thinking)
    if ((calls && !call) || (thinking && !thought)) throw new Error(`${models}: no such template`)
    const several = call === undefined ? '' : call.single ? 'no' : 'yes'
    return [models, call?.format ?? 'no', several, thought?.default ?? 'no', thought?.how ?? '']
  })
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  const head = line(['models', 'tool calls', 'several in a turn', 'thinking', 'switched off by'])
  return [head, '|---|---|---|---|---|', ...rows.map(line)].join('\n')
}
