// Sampler options that only llama.cpp has, in `providerOptions.local`: biases of tokens, and penalties for repetition.
import { LlmError } from '@patchbay/core'
import { checkOptionNames } from '@patchbay/core/wire'

/** How the next token is chosen, beside the options of a request. */
export interface SamplerOptions {
  /**
   * Makes the tokens of each text likelier or less likely: a number from -100 to 100, added to their logits; -100 forbids them.
   * @example
   * const options = { logitBias: { ' Paris': -100, ' Lima': 5 } }
   */
  logitBias?: Record<string, number> | undefined
  /** Divides the logits of tokens that the answer has already, so above 1 makes them less likely. Default 1. */
  repeatPenalty?: number | undefined
  /**
   * DRY: makes tokens less likely that would repeat a sequence, the more so the longer it is. `strength` from 0 (off), recommended
   * 0.8; `base` of the growth, default 1.75; `allowedLength`, tokens that may be repeated freely, default 2; `lastTokens` that are
   * looked at, default all; `breakers`, texts that end a sequence, default line break, colon, quote and asterisk.
   */
  dry?:
    | {
        strength: number
        base?: number | undefined
        allowedLength?: number | undefined
        lastTokens?: number | undefined
        breakers?: string[] | undefined
      }
    | undefined
  /** XTC: with this `probability`, removes all tokens that are likelier than `threshold` but the least likely of them. */
  xtc?: { probability: number; threshold: number } | undefined
}

type Check = (value: unknown) => boolean

const number =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most
const whole: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const texts: Check = (value) => Array.isArray(value) && value.every((one) => typeof one === 'string')

/** The numbers of each option, by their names; `!` marks those that must be there. */
const objects: Record<'dry' | 'xtc', Record<string, Check>> = {
  dry: {
    'strength!': number(0, 100),
    base: number(1, 100),
    allowedLength: whole,
    lastTokens: whole,
    breakers: texts,
  },
  xtc: { 'probability!': number(0, 1), 'threshold!': number(0, 1) },
}

/** The names of these options. */
export const samplerOptionNames = ['logitBias', 'repeatPenalty', 'dry', 'xtc'] as const

/**
 * The sampler options among those of a call.
 * @throws {LlmError} `invalid-request` for invalid ones
 */
export function samplerOptions(options: Record<string, unknown>): SamplerOptions {
  const given = Object.fromEntries(
    samplerOptionNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  const { logitBias = {}, repeatPenalty = 1 } = given
  const biases = isObject(logitBias) ? Object.entries(logitBias) : [['', undefined] as const]
  if (!biases.every(([text, bias]) => text !== '' && number(-100, 100)(bias)))
    throw invalid('logitBias', 'must have a number from -100 to 100 for each text')
  if (!number(0.01, 100)(repeatPenalty)) throw invalid('repeatPenalty', 'must be a number from 0.01 to 100')
  for (const name of ['dry', 'xtc'] as const) if (name in given) checkObject(name, given[name])
  return given
}

function checkObject(name: 'dry' | 'xtc', value: unknown): void {
  const checks = Object.entries(objects[name]).map(
    ([key, check]) => [key.replace('!', ''), key.endsWith('!'), check] as const,
  )
  const known = checks.map(([key]) => key)
  if (!isObject(value)) throw invalid(name, `must be an object with ${known.join(', ')}`)
  checkOptionNames(value, known, `of providerOptions.local.${name}`)
  for (const [key, isRequired, check] of checks) {
    const isFit = value[key] === undefined ? !isRequired : check(value[key])
    if (!isFit) throw invalid(`${name}.${key}`, isRequired ? 'must be a number in its range' : 'is invalid')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(name: string, problem: string): LlmError {
  return new LlmError('invalid-request', `providerOptions.local.${name} ${problem}.`)
}
