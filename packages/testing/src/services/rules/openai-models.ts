// Families of OpenAI's models and what the two APIs accept for each, newest first.
// Source: developers.openai.com deployment-checklist, openai/openai-openapi 2026-08, vercel/ai, live probes named in the rules.

/** What the APIs accept for a family of models. */
export interface OpenAIFamily {
  name: RegExp
  /** Accepted values of the reasoning effort; none for models that do not reason. */
  effort: readonly string[]
  /** The effort of a request that names none. */
  usual?: string
  /** Sampling parameters: accepted, accepted with effort `none` only, or never. */
  sampling: 'always' | 'without-effort' | 'never'
  /** `stop` in Chat Completions. */
  stop: boolean
  /** Function tools in Chat Completions: always, with effort `none`, with an effort of `none` that is explicit, or never. */
  chatTools: 'always' | 'without-effort' | 'explicit-none' | 'never'
}

const plain = { effort: [], sampling: 'always', stop: true, chatTools: 'always' } as const
const thinking = { sampling: 'never', stop: false, chatTools: 'always', usual: 'medium' } as const
const from51 = { sampling: 'without-effort', stop: false, chatTools: 'always', usual: 'none' } as const
const wide = ['none', 'low', 'medium', 'high', 'xhigh']

/** The first entry whose `name` matches wins; the last one matches every name. */
const openaiFamilies: readonly OpenAIFamily[] = [
  { name: /^gpt-(4|3\.5)|^chatgpt|^gpt-5(\.\d)?-chat/, ...plain },
  {
    name: /^gpt-6(\.\d)?-astra/,
    ...thinking,
    effort: ['low', 'medium', 'high', 'xhigh', 'max'],
    chatTools: 'never',
  },
  { name: /^gpt-6\.1-sol/, ...from51, effort: [...wide, 'max'], chatTools: 'never' },
  {
    name: /^gpt-6|^gpt-5\.6/,
    ...from51,
    effort: [...wide, 'max'],
    usual: 'medium',
    chatTools: 'explicit-none',
  },
  { name: /^gpt-5\.[45]/, ...from51, effort: wide, chatTools: 'without-effort' },
  { name: /^gpt-5\.[23]/, ...from51, effort: wide, chatTools: 'without-effort' },
  { name: /^gpt-5\.1-codex/, ...thinking, effort: ['low', 'medium', 'high', 'xhigh'] },
  { name: /^gpt-5\.1/, ...from51, effort: ['none', 'low', 'medium', 'high'] },
  { name: /^gpt-5-pro/, ...thinking, effort: ['high'], usual: 'high' },
  { name: /^gpt-5/, ...thinking, effort: ['minimal', 'low', 'medium', 'high'] },
  { name: /^o\d/, ...thinking, effort: ['low', 'medium', 'high'] },
  { name: /./, ...plain },
]

/** The family of a model name. An unknown name gets the rules of models that do not reason. */
export function openaiFamily(model: string): OpenAIFamily {
  return openaiFamilies.find(({ name }) => name.test(model)) ?? (openaiFamilies.at(-1) as OpenAIFamily)
}
