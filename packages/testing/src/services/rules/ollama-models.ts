// What Ollama's models can do, as /api/show lists it. Source: ollama.com/library, November 2026.
import type { Json } from '../rule.js'

/** The first entry whose name matches wins; another model can do everything. */
const models: readonly [name: RegExp, capabilities: readonly string[]][] = [
  [/embed|minilm/, ['embedding']],
  [/^(gpt-oss|qwen3(?!-vl)|deepseek-r1|magistral)/, ['completion', 'tools', 'thinking']],
  [/^(llama3\.[123]|qwen2\.5(?!vl)|mistral|smollm2)/, ['completion', 'tools']],
  [/^gemma4:e/, ['completion', 'tools', 'thinking', 'vision', 'audio']],
  [/^(gemma3|llava|qwen2\.5vl)/, ['completion', 'vision']],
  [/^(gemma2?|phi|llama[23]?)\b/, ['completion']],
]

/** What a model can do. */
export function ollamaCapabilities(model: string): readonly string[] {
  const known = models.find(([name]) => name.test(model))
  return known?.[1] ?? ['completion', 'tools', 'thinking', 'vision']
}

/** The answer of /api/show. */
export function ollamaShow(model: string): Json {
  return {
    ...{ modelfile: '', template: '{{ .Prompt }}', details: { family: 'strict' } },
    model_info: { 'general.architecture': 'strict', 'strict.context_length': 32_768 },
    capabilities: ollamaCapabilities(model),
  }
}
