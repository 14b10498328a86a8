// The entries of a configuration follow the options of the backends they are for, and wrong ones do not compile.
import type { ClaudeOptions } from '@patchbay/claude'
import type { GeminiOptions } from '@patchbay/gemini'
import type { LocalOptions } from '@patchbay/local'
import type { OllamaOptions } from '@patchbay/ollama'
import type { OpenAIOptions } from '@patchbay/openai'
import type { QueueOptions } from '@patchbay/queue'
import { describe, expectTypeOf, it } from 'vitest'
import {
  type ClaudeEntry,
  defineConfig,
  type GeminiEntry,
  type LocalEntry,
  type OllamaEntry,
  type OpenAIEntry,
  type QueueEntry,
} from './index.js'

/** What only code can say. */
type Coded = 'fetch' | 'clock' | 'random' | 'onLog' | 'rules' | 'allowBrowser'
type Own = 'use' | 'fallback' | 'requires' | 'policies'

describe('an entry', () => {
  it('has every option that can be written down', () => {
    expectTypeOf<Exclude<keyof ClaudeEntry, Own>>().toEqualTypeOf<Exclude<keyof ClaudeOptions, Coded>>()
    expectTypeOf<Exclude<keyof GeminiEntry, Own>>().toEqualTypeOf<Exclude<keyof GeminiOptions, Coded>>()
    expectTypeOf<Exclude<keyof OpenAIEntry, Own>>().toEqualTypeOf<Exclude<keyof OpenAIOptions, Coded>>()
    expectTypeOf<Exclude<keyof OllamaEntry, Own>>().toEqualTypeOf<Exclude<keyof OllamaOptions, Coded>>()
    expectTypeOf<Exclude<keyof LocalEntry, Own>>().toEqualTypeOf<Exclude<keyof LocalOptions, Coded>>()
    expectTypeOf<Exclude<keyof QueueEntry, Own>>().toEqualTypeOf<Exclude<keyof QueueOptions, Coded>>()
  })

  it('has the types of those options', () => {
    expectTypeOf<Omit<ClaudeEntry, Own>>().toExtend<ClaudeOptions>()
    expectTypeOf<Omit<GeminiEntry, Own>>().toExtend<GeminiOptions>()
    expectTypeOf<Omit<OpenAIEntry, Own | 'preset'>>().toExtend<OpenAIOptions>()
    expectTypeOf<Omit<OllamaEntry, Own>>().toExtend<OllamaOptions>()
    expectTypeOf<Omit<LocalEntry, Own>>().toExtend<LocalOptions>()
    expectTypeOf<Omit<QueueEntry, Own>>().toExtend<QueueOptions>()
  })

  it('with an option nobody knows does not compile', () => {
    defineConfig({
      providers: { a: { use: 'claude', model: 'm' }, b: 'openai:gpt-5', c: { use: '@acme/llm', own: 1 } },
    })
    defineConfig({
      shared: 'redis://127.0.0.1',
      providers: {
        a: {
          use: 'claude',
          model: 'm',
          policies: ['log', { cache: { ttl: 1 } }, { budget: { limits: [{ per: 'day', usd: 1 }] } }],
        },
        all: { use: 'route', providers: ['a', 'b'], by: 'cost', policies: ['breaker'] },
      },
    })
    // @ts-expect-error an option of another policy
    defineConfig({ providers: { a: { use: 'claude', policies: [{ cache: { failures: 1 } }] } } })
    // @ts-expect-error a policy that needs options
    defineConfig({ providers: { a: { use: 'claude', policies: ['budget'] } } })
    // @ts-expect-error nobody to ask
    defineConfig({ providers: { a: { use: 'hedge', providers: [] } } })
    // @ts-expect-error a typo
    defineConfig({ providers: { a: { use: 'claude', modle: 'm' } } })
    // @ts-expect-error another backend's option
    defineConfig({ providers: { a: { use: 'claude', keepAlive: 1 } } })
    // @ts-expect-error no backend
    defineConfig({ providers: { a: { use: 'cluade' } } })
    // @ts-expect-error no requirement
    defineConfig({ requires: ['tool'] })
  })
})
