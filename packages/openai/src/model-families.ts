// Families of models, as dated data: which efforts and options each takes. Loaded with the first request that needs it.
// Last compared with its sources on 2026-11-27.
// Sources: the services' documentation and live errors in public reports, up to November 2026, named beside each entry.
import type { OptionName } from '@patchbay/core'

/** A value of `reasoning_effort`. `default` is Groq's for "on". */
export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max' | 'default'

/** Restrictions of a family of models. Absent fields: no restriction is known. */
export interface Family {
  /** The efforts it takes, weakest first; `none` turns reasoning off. Empty: it takes none. */
  efforts?: readonly Effort[]
  /** Efforts that only the Responses API takes. */
  responsesEfforts?: readonly Effort[]
  /** It reasons although `efforts` is empty. */
  alwaysReasons?: true
  /** It does not reason unless asked to. */
  reasonsOnRequest?: true
  /** When it takes `temperature`, `top_p` and `logprobs`. Default: always. */
  sampling?: 'without reasoning' | 'never'
  /** When it takes `tool_choice: 'required'` and a named tool. Default: always. */
  forcedTools?: 'without reasoning'
  /** When it takes function tools on Chat Completions; `'effort none'` must be explicit. Default: always. */
  chatTools?: 'without reasoning' | 'effort none' | 'never'
  /** Options it refuses on Chat Completions. */
  refuses?: readonly OptionName[]
  /** The highest temperature. */
  maxTemperature?: number
  /** It takes explicit breakpoints of the prompt cache. */
  cacheBreakpoints?: true
}

/** A service with a table of its models. */
export type Vendor =
  | 'openai'
  | 'azure'
  | 'alibaba'
  | 'deepseek'
  | 'google'
  | 'groq'
  | 'mistral'
  | 'moonshot'
  | 'xai'

const penalties: OptionName[] = ['frequencyPenalty', 'presencePenalty']
const thinking = { refuses: [...penalties, 'stop'] } satisfies Family
// developers.openai.com, prompt caching guide, November 2026.
const since56 = { ...thinking, cacheBreakpoints: true } satisfies Family
const upToHigh: Effort[] = ['low', 'medium', 'high']

// platform.openai.com, reasoning guide and API reference; BerriAI/litellm#34569, livekit/agents#5088 and #7169, genkit#6303,
// anomalyco/opencode#36141 (2026). Penalties and stop: openai-openapi, StopConfiguration, August 2026.
const openai: [RegExp, Family][] = [
  [/^gpt-4o.*-search/, { efforts: [], refuses: ['temperature', 'topP', ...penalties] }],
  [/^(gpt-3|gpt-4|chatgpt-)|^gpt.*-(chat|instruct)\b/, { efforts: [] }],
  [/^o1/, { efforts: upToHigh, sampling: 'never', refuses: penalties }],
  [/^o\d/, { ...thinking, efforts: upToHigh, sampling: 'never' }],
  [/^gpt-5-pro/, { ...thinking, efforts: ['high'], sampling: 'never' }],
  [/^(gpt|o\d).*-pro\b/, { ...thinking, efforts: ['medium', 'high', 'xhigh'], sampling: 'never' }],
  [/^gpt-5(\.1)?-codex(?!-max)/, { ...thinking, efforts: upToHigh, sampling: 'never' }],
  [/^gpt.*codex/, { ...thinking, efforts: [...upToHigh, 'xhigh'], sampling: 'never' }],
  [/^gpt-5(?!\.)/, { ...thinking, efforts: ['minimal', ...upToHigh], sampling: 'never' }],
  [
    /^gpt-5\.1/,
    { ...thinking, efforts: ['none', ...upToHigh], sampling: 'without reasoning', reasonsOnRequest: true },
  ],
  [
    /^gpt-5\.[2-4]/,
    {
      ...thinking,
      efforts: ['none', ...upToHigh, 'xhigh'],
      sampling: 'without reasoning',
      reasonsOnRequest: true,
      chatTools: 'without reasoning',
    },
  ],
  [/^gpt-5\.5/, { ...thinking, efforts: ['none', ...upToHigh, 'xhigh'], sampling: 'without reasoning' }],
  [
    /^gpt-6(\.\d+)?-astra/,
    {
      ...since56,
      efforts: [...upToHigh, 'xhigh'],
      responsesEfforts: ['max'],
      sampling: 'never',
      chatTools: 'never',
    },
  ],
  [
    /^gpt-6\.1-sol/,
    {
      ...since56,
      efforts: ['none', ...upToHigh, 'xhigh'],
      responsesEfforts: ['max'],
      sampling: 'without reasoning',
      chatTools: 'never',
    },
  ],
  [
    /^gpt-(5\.[6-9]|6)/,
    {
      ...since56,
      efforts: ['none', ...upToHigh, 'xhigh'],
      responsesEfforts: ['max'],
      sampling: 'without reasoning',
      chatTools: 'effort none',
    },
  ],
]
// A name nobody knows counts as one of today's, with all the efforts that any of them takes.
const newest: Family = {
  ...thinking,
  efforts: ['none', 'minimal', ...upToHigh, 'xhigh'],
  sampling: 'without reasoning',
}

const families: Record<Vendor, [RegExp, Family][]> = {
  openai: [...openai, [/^/, newest]],
  // Deployments may have any name.
  azure: openai,
  // api-docs.deepseek.com, thinking mode; deepseek-ai/DeepSeek-V3#1376, BerriAI/litellm#37470 (May to September 2026).
  deepseek: [
    [/-chat\b/, { reasonsOnRequest: true, forcedTools: 'without reasoning' }],
    [/^/, { efforts: ['none', ...upToHigh, 'max'], forcedTools: 'without reasoning' }],
  ],
  // cloudwego/eino#994, QwenLM/qwen-code#7661 (April and July 2026). Which models reason by default is not listed.
  alibaba: [[/^/, { reasonsOnRequest: true, forcedTools: 'without reasoning' }]],
  // ai.google.dev, OpenAI compatibility; RSSBox#132 (September 2025). Some of Gemini 3 refuse minimal: agentjido/req_llm#971
  // (August 2026).
  google: [
    [/gemini-2\.5-pro/, { efforts: upToHigh }],
    [/gemini-2\.5/, { efforts: ['none', ...upToHigh] }],
    [/gemini-[3-9]/, { efforts: upToHigh }],
  ],
  // earendil-works/pi#1745 (March 2026), console.groq.com, reasoning.
  groq: [
    [/qwen/, { efforts: ['none', 'default'] }],
    [/gpt-oss/, { efforts: upToHigh }],
  ],
  // vercel/ai, options of Mistral, August 2026.
  mistral: [[/^/, { efforts: ['none', 'high'] }]],
  // continuedev/continue#11600, can1357/oh-my-pi#1077 (March and May 2026); mnfst/modelparams.dev, August 2026.
  moonshot: [
    [/moonshot-v1/, { efforts: [], maxTemperature: 1 }],
    [/k3/, { efforts: ['low', 'high', 'max'], refuses: ['temperature'] }],
    [/k2-(0|turbo)|latest/, { efforts: [] }],
    [/k2\.7-code|k2-thinking/, { efforts: ['default'], forcedTools: 'without reasoning' }],
    [/k2\.[5-9]/, { efforts: ['none', 'default'], forcedTools: 'without reasoning' }],
  ],
  // docs.x.ai, reasoning (enricoros/big-AGI#1104); NousResearch/hermes-agent#23435 (May 2026), mnfst/modelparams.dev#330 (August 2026),
  // lobehub/lobe-chat#8381.
  xai: [
    [/grok-3-mini/, { ...thinking, efforts: ['low', 'high'] }],
    [/grok-4\.6/, { ...thinking, efforts: [...upToHigh, 'xhigh'] }],
    [/grok-4\.5/, { ...thinking, efforts: upToHigh }],
    [/grok-4\.3/, { ...thinking, efforts: ['none', ...upToHigh] }],
    [/multi-agent/, { ...thinking, efforts: [...upToHigh, 'xhigh'] }],
    [/non-reasoning/, { efforts: [], refuses: penalties }],
    [/grok-4|grok-code/, { ...thinking, efforts: [], alwaysReasons: true }],
    [/grok-[23]/, { efforts: [] }],
  ],
}

/** Whether it is a reasoning model by OpenAI's names. An unknown name counts as one of today's, which all are. */
export function isReasoningModel(model: string): boolean {
  return familyOf('openai', model).efforts?.length !== 0
}

/** The family of a model; one without restrictions for an unknown vendor or name. */
export function familyOf(vendor: Vendor | undefined, model: string): Family {
  if (vendor === undefined) return {}
  const name = model.toLowerCase().replace(/^ft:/, '')
  return families[vendor].find(([pattern]) => pattern.test(name))?.[1] ?? {}
}
