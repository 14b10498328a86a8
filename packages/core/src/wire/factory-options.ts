// Options of provider factories: the model and the names are checked before a provider is made.
import type { ProviderOptions } from '../call/define-provider.js'
import { LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'
import { isObject } from '../object.js'
import { checkOptionNames, type OptionNames } from '../request/option-names.js'
import { optionNames } from '../request/request-names.js'
import { checkModel } from './secrets/known-keys.js'

const everyProvider: OptionNames<ProviderOptions> = {
  ...{ media: true, defaults: true, timeout: true, retry: true, headers: true, clock: true, random: true },
}

/** The names of a factory's own options, beside the model and those of every provider. */
export type OwnNames<Options> = OptionNames<Omit<Options, keyof ProviderOptions | 'model'>>

/** A factory, for its errors: `{ factory: 'claude', example: 'claude-opus-5' }`. */
interface FactoryNames<Options> {
  factory: string
  /** A model, for the message when there is none. */
  example: string
  own: OwnNames<Options>
}

// Names in other SDKs that are far from ours.
const addresses = { names: ['host', 'url', 'endpoint', 'apiBase'], place: 'Did you mean baseURL?' }
const guards = { names: ['dangerouslyAllowBrowser'], place: 'Did you mean allowBrowser?' }
const headers = { names: ['defaultHeaders'], place: 'Did you mean headers?' }

/**
 * The options of a factory that takes a model and options, or options with the model in them.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an unknown option, with the right name
 */
export function factoryOptions<Options extends ProviderOptions & { model?: string | undefined }>(
  first: string | Options | undefined,
  rest: Omit<Options, 'model'> | undefined,
  { factory, example, own }: FactoryNames<Options>,
): Options & { model: string } {
  const given: unknown = typeof first === 'string' ? { ...rest, model: first } : (first ?? {})
  if (!isObject(given) || (rest !== undefined && !isObject(rest)))
    throw new LlmError(
      'config',
      `${factory}() takes a model and an object of options: ${factory}('${example}', { timeout: 60_000 }), not ${describe(isObject(given) ? rest : given)}.`,
      { provider: factory },
    )
  const options = given as Options
  checkModel(options.model, factory, example)
  checkFactoryOptions(options, factory, own)
  return options as Options & { model: string }
}

/**
 * Checks the names of the options of a factory.
 * @throws {LlmError} `config` for an unknown one, with the right name
 */
export function checkFactoryOptions<Options extends ProviderOptions>(
  options: Options,
  factory: string,
  own: OwnNames<Options>,
): void {
  const elsewhere = [
    ...('baseURL' in own ? [addresses] : []),
    ...('allowBrowser' in own ? [guards] : []),
    headers,
    {
      names: optionNames.chatRequest,
      place: `It is an option of a request; for every request, pass it in defaults: ${factory}(model, { defaults: { temperature: 0 } }).`,
    },
    {
      names: optionNames.callOptions,
      place: 'It is an option of a call: chat(request, { signal }).',
    },
  ]
  const known = ['model', ...Object.keys(own), ...Object.keys(everyProvider)]
  checkOptionNames(options, known, `of ${factory}()`, { code: 'config', elsewhere })
}
