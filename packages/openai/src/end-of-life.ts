// The days on which services stop serving models, as dated data. Last compared with its sources on 2026-11-28.
import type { Vendor } from './model-families.js'

type Ends = readonly [name: RegExp, day: string][]

/** A name with its dated snapshots. */
const named = (...names: string[]) => new RegExp(`^(${names.join('|')})(-20\\d\\d-\\d\\d-\\d\\d|-\\d{4})?$`)

// developers.openai.com/api/docs/deprecations, November 2026.
const openai: Ends = [
  [named('gpt-4o-2024-05-13', 'gpt-3\\.5-turbo', 'gpt-4', 'gpt-4-turbo', 'gpt-4\\.1-nano'), '2026-10-23'],
  [named('o1', 'o1-pro', 'o3-mini', 'o4-mini'), '2026-10-23'],
  [
    named(
      ...[
        'gpt-5(\\.1)?-chat-latest',
        'gpt-5(\\.[12])?-codex',
        'gpt-5\\.1-codex-(max|mini)',
        'o[34](-mini)?-deep-research',
      ],
      'gpt-4o(-mini)?-search-preview',
    ),
    '2026-07-23',
  ],
  [named('gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5-pro', 'o3', 'o3-pro'), '2026-12-11'],
  [named('gpt-4o', 'gpt-4o-mini', 'gpt-4\\.1', 'gpt-4\\.1-mini'), '2027-01-14'],
  [named('gpt-5\\.1'), '2027-04-01'],
]

const ends: Partial<Record<Vendor, Ends>> = {
  openai,
  // hass_local_openai_llm#72, May 2026.
  deepseek: [[named('deepseek-chat', 'deepseek-reasoner'), '2026-07-24']],
  // ai.google.dev/gemini-api/docs/deprecations, November 2026.
  google: [
    [named('gemini-2\\.5-(pro|flash)'), '2026-12-01'],
    [named('gemini-3-pro-preview'), '2026-03-09'],
  ],
  // docs.x.ai/developers/migration/may-15-retirement, May 2026.
  xai: [
    [named('grok-4-1-fast.*', 'grok-4-fast.*', 'grok-4-0709', 'grok-code-fast-1', 'grok-3'), '2026-05-15'],
  ],
}

/** The last day of a model, as `YYYY-MM-DD`, if it is announced. A fine-tuned model ends with the one it was made of. */
export function endOfLifeOf(vendor: Vendor | undefined, model: string): string | undefined {
  const name = model.replace(/^models\//, '').replace(/^ft:([^:]+):.*/, '$1')
  return vendor && ends[vendor]?.find(([pattern]) => pattern.test(name))?.[1]
}
