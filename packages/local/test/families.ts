// Table of model families in the README: their tool calls and thinking, from the templates that the tests are made with, and the
// models that llama.cpp has a projector for (its docs/multimodal.md and the converters to `mmproj` files in conversion/, at the
// release of August 2026).
import { callTemplates } from './call-templates.js'
import { thinkingTemplates } from './thinking-templates.js'

const qwen3 = 'Qwen3, SmolLM3, Bielik, Reka, MiniCPM5'
const always = 'QwQ, DeepSeek R1, StepFun, MiniMax M2, Nemotron Nano 2'
const freely = 'Kimi K2 Thinking, LFM2.5, MiniMax M1'
const deepseek = 'DeepSeek V3.1, V3.2, V4'

/** Models, the template of their tool calls, the template of their thinking, and what they see or hear with a projector. */
const families: [
  models: string,
  calls?: string | undefined,
  thinking?: string | undefined,
  media?: string,
][] = [
  ['Apertus', 'Apertus', 'Apertus'],
  ['Apriel 1.5', 'Apriel'],
  ['Apriel 1.6', 'Apriel', 'Apriel 1.6'],
  ['Bielik, Reka', 'Qwen, Hermes', qwen3],
  ['Command R, Command R+', 'Command R+'],
  ['Command R7B, Command A', 'Command R7B', 'Command R7B, Command A'],
  ['DeepSeek R1 and its distillations', undefined, always],
  ['DeepSeek V3.1', undefined, deepseek],
  ['DeepSeek V3.2, V4', 'DeepSeek V3.2, V4', deepseek],
  ['Devstral', 'Devstral, Ministral 3'],
  ['Functionary 3.1', 'Functionary 3.1'],
  ['Functionary 3.2', 'Functionary 3.2'],
  ['Gemma 2'],
  ['Gemma 3', undefined, undefined, 'images, from 4B'],
  ['Gemma 4', 'Gemma 4', 'Gemma 4', 'images; E2B, E4B: sound'],
  ['GigaChat 3', 'GigaChat 3'],
  ['GigaChat 3.1', 'GigaChat 3.1'],
  ['GLM 4.6', 'GLM 4.6', 'GLM 4.6', 'GLM-V: images'],
  ['GLM 4.7', 'GLM 4.7', 'GLM 4.7, Laguna'],
  ['gpt-oss', 'gpt-oss', 'gpt-oss'],
  ['Granite 3.3', 'Granite 3.3', 'Granite 3.3', 'Speech: sound'],
  ['Granite 4', 'Qwen, Hermes', undefined, 'Vision: images; Speech: sound'],
  ['Hermes 2, Hermes 3', 'Qwen, Hermes'],
  ['Hunyuan 3', 'Hunyuan 3', 'Hunyuan 3'],
  ['Kimi K2', 'Kimi K2', undefined, 'K2.5: images'],
  ['Kimi K2 Thinking', 'Kimi K2', freely],
  ['Kimi K3', 'Kimi K3', 'Kimi K3'],
  ['Laguna', 'GLM 4.6', 'GLM 4.7, Laguna'],
  ['LFM2', 'LFM2', undefined, 'VL: images; Audio: sound'],
  ['LFM2.5', 'LFM2', freely],
  ['Llama 3.1, 3.2, 3.3', 'Llama 3'],
  ['MiniCPM5', 'MiniCPM5', qwen3],
  ['MiniMax M1', 'MiniMax M1', freely],
  ['MiniMax M2', 'MiniMax M2', always],
  ['MiniMax M3', 'MiniMax M3', 'MiniMax M3', 'images'],
  ['Ministral 3', 'Devstral, Ministral 3', 'Ministral 3, Magistral', 'images'],
  ['Mistral Nemo', 'Mistral Nemo'],
  ['Mistral Small 3.2', 'Mistral Small 3.2', undefined, 'images'],
  ['Nemotron 3', 'Qwen3-Coder, Qwen3.5', 'Qwen3.5, Nemotron 3'],
  ['Nemotron Nano 2', 'Nemotron Nano 2', always, 'VL: images'],
  ['Phi-3.5, Phi-4'],
  ['Phi-4-mini', 'Phi-4-mini'],
  ['Qwen2.5', 'Qwen, Hermes', undefined, 'VL: images; Omni: images, sound'],
  ['Qwen3', 'Qwen, Hermes', qwen3, 'VL: images; Omni: images, sound'],
  ['Qwen3-Coder', 'Qwen3-Coder, Qwen3.5'],
  ['Qwen3.5', 'Qwen3-Coder, Qwen3.5', 'Qwen3.5, Nemotron 3', 'images'],
  ['QwQ', 'Qwen, Hermes', always],
  ['Seed-OSS', 'Seed-OSS', 'Seed-OSS'],
  ['Solar Open', 'Solar', 'Solar Open'],
  ['StepFun 3.5', 'Qwen3-Coder, Qwen3.5', always],
]

/** The table as Markdown. Every name of a template must be one that the tests know. */
export function familiesTable(): string {
  const rows = families.map(([models, calls, thinking, media]) => {
    const call = callTemplates.find(({ family }) => family === calls)
    const thought = thinkingTemplates.find(({ family }) => family === thinking)
    if ((calls && !call) || (thinking && !thought)) throw new Error(`${models}: no such template`)
    const several = call === undefined ? '' : call.single ? 'no' : 'yes'
    return [
      models,
      call?.format ?? 'no',
      several,
      thought?.default ?? 'no',
      thought?.how ?? '',
      media ?? 'no',
    ]
  })
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  const head = line([
    'models',
    'tool calls',
    'several in a turn',
    'thinking',
    'switched off by',
    'images and sound',
  ])
  return [head, '|---|---|---|---|---|---|', ...rows.map(line)].join('\n')
}
