// Arguments of policy functions: the two forms `limit(provider, options)` and `limit(options)`, and the check of option names.
import { LlmError, type Provider } from '@patchbay/core'
import { checkOptionNames, type OptionNames } from '@patchbay/core/wrap'

export type { OptionNames }

/**
 * Implements both forms of a policy function: `make` is called at once, or by the returned policy. `names: undefined`: the
 * options are a record with any names.
 * @throws {LlmError} `config` for an unknown option, or for a first argument that is neither a provider nor options
 */
export function policyOf<Options extends object, Made extends Provider>(
  policy: string,
  names: OptionNames<Options> | undefined,
  args: readonly [first?: Provider | Options | undefined, second?: Options | undefined],
  make: (provider: Provider, options: Options) => Made,
): Made | ((provider: Provider) => Made) {
  const [first, second] = args
  // A second argument is the second form too: `limit(undefined, {…})` must not return a function.
  const isDirect = isProvider(first) || second !== undefined
  if (isDirect && !isProvider(first)) throw notProvider(policy, first)
  // The names tell which options are required; TypeScript checks them by the overloads.
  const options = ((isDirect ? second : first) ?? {}) as Options
  if (typeof options !== 'object') throw notProvider(policy, options)
  if (names !== undefined) checkOptions(policy, options, names)
  return isProvider(first)
    ? make(first, options)
    : (provider) => {
        if (!isProvider(provider)) throw notProvider(policy, provider)
        return make(provider, options)
      }
}

/**
 * Refuses unknown options, with the most similar name.
 * @throws {LlmError} `config`
 */
export function checkOptions<Options extends object>(
  policy: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  checkOptionNames(options, Object.keys(names), `of ${policy}()`, { code: 'config' })
}

/** By its names: methods may be on a prototype, behind a proxy, or missing in a test's stand-in. */
function isProvider(value: unknown): value is Provider {
  return typeof value === 'object' && value !== null && 'provider' in value && !Array.isArray(value)
}

function notProvider(policy: string, value: unknown): LlmError {
  const given =
    value === null
      ? 'null'
      : typeof value === 'object'
        ? 'an object'
        : typeof value === 'string'
          ? JSON.stringify(value)
          : typeof value
  return new LlmError(
    'config',
    `${policy} needs a provider, not ${given}: ${policy}(provider, options), or pipe(provider, ${policy}(options)).`,
  )
}
