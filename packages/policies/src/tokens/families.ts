// Tokenizers of families of models: which of OpenAI's counts for them, how many more tokens they make, and how far off that is.

/** A family of models with one tokenizer. */
export interface Family {
  /** Names of its models, without a host's prefix. */
  names: RegExp
  /** OpenAI's tokenizer that counts for it, or comes nearest. */
  encoding: 'o200k_base' | 'cl100k_base'
  /** Its tokens for one of that tokenizer. */
  factor: number
  /** The largest relative error of nine counts of ten, with the tokenizer. */
  error: number
  /** Tokens of a request that has tools, besides the tools. */
  forTools: number
}

// Measured on answers of the services themselves: tokens of `usage` for each token of o200k_base, November 2026.
const families: readonly Family[] = [
  // 1.00 to 1.04 over five answers. Encodings: github.com/openai/tiktoken/blob/main/tiktoken/model.py.
  {
    names: /^(gpt-4-|gpt-4$|gpt-3|gpt-35|text-embedding)/,
    encoding: 'cl100k_base',
    factor: 1,
    error: 0.05,
    forTools: 10,
  },
  {
    names: /^(gpt|o\d|chatgpt|codex|computer-use)/,
    encoding: 'o200k_base',
    factor: 1.01,
    error: 0.05,
    forTools: 10,
  },
  // Another tokenizer since 4.7: up to 1.35 times as many, by its maker. Not measured.
  // platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-7
  {
    names: /^claude-[a-z]+-(4-[789]|[5-9])/,
    encoding: 'o200k_base',
    factor: 1.4,
    error: 0.25,
    forTools: 350,
  },
  // 1.07 to 1.29 over thirteen answers of Claude 3.5 to 4.6.
  { names: /^claude/, encoding: 'o200k_base', factor: 1.19, error: 0.1, forTools: 350 },
  // 0.96 to 0.97 over two answers.
  { names: /^grok/, encoding: 'o200k_base', factor: 0.97, error: 0.05, forTools: 100 },
]

// 1.01 to 1.17 over eighteen answers of Qwen, DeepSeek, Llama, Mistral and small models in Ollama. Others are not measured.
const others: Family = { names: /^/, encoding: 'o200k_base', factor: 1.05, error: 0.12, forTools: 100 }

// Names of models are few, and asked for at every call.
const byName = new Map<string, Family>()
const maxNames = 1000

/** The family of a model by its name, as its own service or another one calls it: `'anthropic/claude-haiku-4-5'`. */
export function familyOf(model: string): Family {
  const known = byName.get(model)
  if (known !== undefined) return known
  // Bedrock writes `us.anthropic.claude-…`.
  const name = model.toLowerCase().split('/').at(-1)?.split('anthropic.').at(-1) ?? ''
  const family = families.find(({ names }) => names.test(name)) ?? others
  if (byName.size >= maxNames) byName.clear()
  byName.set(model, family)
  return family
}
