// Keys of services, recognised by their shapes: somebody may paste one where a name or an address belongs.
import { LlmError } from '../../contract/errors.js'

// OpenAI, Anthropic, OpenRouter, DeepSeek, Moonshot and Alibaba (`sk-`), Cerebras (`csk-`), Groq, Google, xAI, Hugging Face
// and Together, as their consoles made them in November 2026, and our gateway (`pb-`). Mistral's and Azure's have no shape of
// their own. The last is Google's where it became the name of a host. Models may begin the same: `xai-grok-4`.
// One begins after what is no letter or digit, and after an escape, which ends in one: `\n`, `%3D`, `\u0022`, a colour.
const shapes =
  /(\\(?:[bfnrtv]|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4})|%[\dA-Fa-f]{2}|\[[\d;]{1,9}m|(?<![A-Za-z0-9]))(sk-(?:ant|proj|svcacct|admin|or)-|c?sk-|gsk_|xai-|hf_|pb-|tgp_v1_|AIza|aizasy)([\w-]{16,})/g

/** A text without the keys in it: of each, only the letters that all keys of its service begin with are left. */
export function withoutKeys(text: string): string {
  return text.replace(shapes, (all, before: string, prefix: string, rest: string) =>
    isKey(prefix, rest) ? `${before}${prefix}…` : all,
  )
}

/** Is what follows the first letters a key's, not more of a name? */
function isKey(prefix: string, rest: string): boolean {
  const [run = ''] = /^[A-Za-z0-9]*/.exec(rest) ?? []
  switch (prefix) {
    case 'hf_':
      return run.length === 34 && /[a-z]/.test(run) && /[A-Z]/.test(run)
    case 'sk-':
    case 'csk-':
    case 'gsk_':
    case 'xai-':
      return run.length >= 16 && isRandom(run)
    case 'pb-':
      return rest.length >= 43 && isRandom(rest)
    default:
      return isRandom(rest) || (/\d/.test(rest) && /[A-Za-z0-9]{20}/.test(rest))
  }
}

/** Letters and digits as they come; a name has words, with a number now and then. */
function isRandom(text: string): boolean {
  const changes = text.match(/[a-z](?=[A-Z\d])|[A-Z](?=\d)|\d(?=[A-Za-z])/g) ?? []
  return /\d/.test(text) && changes.length > text.length / 6
}

/**
 * Checks the name of a model that a factory was given, `example` being one of its models. All errors of a provider may quote
 * its model, so a key is refused.
 * @throws {LlmError} `config` without a name, and for a key in its place
 */
export function checkModel(
  model: string | undefined,
  provider: string,
  example: string,
): asserts model is string {
  if (!model)
    throw new LlmError('config', `${provider}() needs a model, for example ${provider}('${example}').`, {
      provider,
    })
  if (withoutKeys(model) !== model)
    throw new LlmError(
      'config',
      `The model of ${provider}() is a key: ${withoutKeys(model)}. Pass it as apiKey, and a model, for example ${provider}('${example}', { apiKey }).`,
      { provider },
    )
}
